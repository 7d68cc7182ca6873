PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE rltune_schema (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO rltune_schema VALUES(2);
CREATE TABLE study (
	pk INTEGER NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	phase TEXT NOT NULL, 
	config TEXT NOT NULL, 
	created DOUBLE PRECISION NOT NULL, 
	seconds DOUBLE PRECISION NOT NULL, 
	PRIMARY KEY (pk), 
	UNIQUE (name)
);
INSERT INTO study VALUES(1,'first','running','search','{"name":"first","models":{"target":"embedded/s","proxies":["embedded/xs"],"learning_rate_scaling":"width"},"task":{"name":"arithmetic/easy"},"trainer":{"name":"rltune.testing.toy_trainer:ToyTrainer","settings":{}},"recipe":"embedded-grpo","baseline":{},"space":{"from":null,"learning_rate":{"when":{},"type":"float","low":1e-06,"high":0.01,"log":true,"step":null}},"constraints":[],"fixed":{"step_time":0.02,"save_bytes":2000},"budget":{"time":600.0,"gpu_hours":null,"search":0.9,"trials":24},"steps":24,"rungs":[6,12,24],"validation":{"prompts":4,"samples":1,"temperature":1.0},"test":{"prompts":4,"samples":1},"stopping":{"preset":"off","futility":true,"rules":[]},"optimizer":{"name":"bohb","options":{}},"executor":{"name":"local","slots":2,"threads":1,"device":"auto","gpus":null,"trial_time":null,"stall_time":600.0,"grace_time":5.0,"retry_time":10.0,"memory":null},"checkpoints":{"limit":16000,"margin":256000000,"remote":null,"scratch":null},"transfer":{"check":true,"pairs":4,"at":0.6,"share":0.25},"confirm":{"top":2},"final":{"seeds":2},"trackers":[],"output":"/srv/studies","store":null,"seed":0}',1795314722.329009056,2.0217362490000141406);
CREATE TABLE controller (
	study INTEGER NOT NULL, 
	token INTEGER NOT NULL, 
	holder TEXT NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	acquired DOUBLE PRECISION NOT NULL, 
	renewed DOUBLE PRECISION NOT NULL, 
	written TEXT, 
	PRIMARY KEY (study), 
	FOREIGN KEY(study) REFERENCES study (pk)
);
INSERT INTO controller VALUES(1,1,'00000000-0000-0000-0000-000000000001 pid:[4026531836] 10567 71698','node-7',10567,1795314722.3445715904,1795314722.3445715904,'d785eb36513b4c83aa30c07c2466e2cb');
CREATE TABLE fact (
	pk INTEGER NOT NULL, 
	study INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (pk), 
	UNIQUE (study, name), 
	FOREIGN KEY(study) REFERENCES study (pk)
);
INSERT INTO fact VALUES(1,1,'recipe','{"configuration":{"learning_rate":2.8e-05},"id":"aa5834fbd4","name":"embedded-grpo"}');
INSERT INTO fact VALUES(2,1,'models','{"embedded/s":{"parameters":795520,"hidden_size":128,"learning_rate_factor":1.0},"embedded/xs":{"parameters":135296,"hidden_size":64,"learning_rate_factor":2.0}}');
INSERT INTO fact VALUES(3,1,'target','"embedded/s"');
INSERT INTO fact VALUES(4,1,'rungs','[6,12,24]');
INSERT INTO fact VALUES(5,1,'other_tests','[]');
INSERT INTO fact VALUES(6,1,'fixed','{"prompts_per_step":32,"updates_per_step":4,"temperature":1.0,"warmup_steps":0,"lr_scheduler":"constant","clip_ratio":0.2,"grad_clip":1.0,"kl_coef":0.001,"rollouts":5,"step_time":0.02,"save_bytes":2000}');
INSERT INTO fact VALUES(7,1,'max_response_length','8');
INSERT INTO fact VALUES(8,1,'space','{"learning_rate":{"when":{},"type":"float","low":1e-06,"high":0.01,"log":true}}');
INSERT INTO fact VALUES(9,1,'constraints','[]');
INSERT INTO fact VALUES(10,1,'elsewhere','{}');
INSERT INTO fact VALUES(11,1,'versions','{"rltune":"0.1.0","python":"3.11.7","torch":"2.13.0+cpu","trl":"1.16.0","transformers":"5.23.0"}');
INSERT INTO fact VALUES(12,1,'begun','["prepare","search"]');
INSERT INTO fact VALUES(13,1,'memory','{"embedded/s":{"level":0,"settings":"level 0"},"embedded/xs":{"level":0,"settings":"level 0"}}');
INSERT INTO fact VALUES(14,1,'timings','{"embedded/s":{"step_seconds":0.02010383100002855,"validate_seconds":0.001,"start_seconds":0.006110440999918865,"checkpoint_bytes":2077},"embedded/xs":{"step_seconds":0.020101578000094378,"validate_seconds":0.001,"start_seconds":0.005784168999980466,"checkpoint_bytes":2077}}');
INSERT INTO fact VALUES(15,1,'plan','{"budget":600.0,"search_seconds":540.0,"slots":2,"timings":{"embedded/s":{"step_seconds":0.02010383100002855,"validate_seconds":0.001,"start_seconds":0.006110440999918865,"checkpoint_bytes":2077},"embedded/xs":{"step_seconds":0.020101578000094378,"validate_seconds":0.001,"start_seconds":0.005784168999980466,"checkpoint_bytes":2077}},"trial_seconds":{"embedded/s":{"6":0.12773342700009016,"12":0.24935641300026146,"24":0.49160238500060405},"embedded/xs":{"6":0.12739363700054673,"12":0.249003105001113,"24":0.49122204100224554}},"full_target_seconds":0.49160238500060405,"search_trials":24,"capped":true,"after":{"confirm":2,"seeds":2,"seconds":1.9684095400024162,"fits":true},"asked_confirm":2,"asked_seeds":2,"search_models":["embedded/xs"],"search_steps":[6,24],"asked_runs":null,"asked_design":null,"needed":0.93605896080568,"hours":{"prepare":{"embedded/s":2.0703437499978717e-05,"embedded/xs":2.0520297777845574e-05},"search":{"embedded/xs":0.0013487870763345528},"confirm":{"embedded/s":0.00040966865416717},"final":{"embedded/s":0.0005462248722228934},"test":{"embedded/s":7.90048999990985e-06}},"unit":"trial-hours","disk":{"sizes":{"embedded/s":2077,"embedded/xs":2077},"measured":["embedded/s","embedded/xs"],"runs":{"embedded/s":11,"embedded/xs":24},"most":16000,"free":81857642496,"limit":16000,"asked":157852},"guessed":false,"warnings":[]}');
INSERT INTO fact VALUES(16,1,'seconds_by_phase','{"prepare":0.7412797119999368,"search":1.2804565370000773}');
INSERT INTO fact VALUES(17,1,'ask_seconds','0.08202441800017368');
INSERT INTO fact VALUES(18,1,'usage','{"prepare":{"controller":1.2493557730001612,"asking":0.011262799999826711,"held":0.2149902349998456,"starting":0.026604970999869693,"nothing":0.0069506160000401},"search":{"controller":0.14642313399963314,"asking":0.08274629100026232,"held":2.331743649000259,"starting":0.07768362999991041}}');
INSERT INTO fact VALUES(19,1,'usage_unit','"place"');
CREATE TABLE configuration (
	pk INTEGER NOT NULL, 
	study INTEGER NOT NULL, 
	id VARCHAR(20) NOT NULL, 
	content TEXT NOT NULL, 
	PRIMARY KEY (pk), 
	UNIQUE (study, content), 
	FOREIGN KEY(study) REFERENCES study (pk)
);
INSERT INTO configuration VALUES(1,1,'aa5834fbd4','{"learning_rate":2.8e-05}');
INSERT INTO configuration VALUES(2,1,'7d3e5be0d5','{"learning_rate":0.003622}');
INSERT INTO configuration VALUES(3,1,'f9b156839a','{"learning_rate":2.105e-06}');
INSERT INTO configuration VALUES(4,1,'2a6025d5e1','{"learning_rate":0.003801}');
INSERT INTO configuration VALUES(5,1,'55fb235f3a','{"learning_rate":1.616e-05}');
INSERT INTO configuration VALUES(6,1,'d305f2af0f','{"learning_rate":3.353e-06}');
INSERT INTO configuration VALUES(7,1,'19b05e8cb6','{"learning_rate":4.505e-06}');
INSERT INTO configuration VALUES(8,1,'793cd724ad','{"learning_rate":1.43e-06}');
INSERT INTO configuration VALUES(9,1,'afc0ecdecb','{"learning_rate":2.568e-05}');
INSERT INTO configuration VALUES(10,1,'44284284d3','{"learning_rate":2.51e-05}');
INSERT INTO configuration VALUES(11,1,'18f70f2791','{"learning_rate":2.745e-05}');
INSERT INTO configuration VALUES(12,1,'e07497d01f','{"learning_rate":2.75e-05}');
CREATE TABLE decision (
	pk INTEGER NOT NULL, 
	study INTEGER NOT NULL, 
	time DOUBLE PRECISION NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	content TEXT NOT NULL, 
	PRIMARY KEY (pk), 
	FOREIGN KEY(study) REFERENCES study (pk)
);
INSERT INTO decision VALUES(1,1,1795314723.1321308612,'proposal','r0001','the recipe','{"segment":"r0001-s1","configuration":"aa5834fbd4","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(2,1,1795314723.1478054523,'proposal','r0002','bracket 0: drawn at random','{"segment":"r0002-s1","configuration":"7d3e5be0d5","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(3,1,1795314723.3072023391,'proposal','r0003','bracket 0: drawn at random','{"segment":"r0003-s1","configuration":"f9b156839a","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(4,1,1795314723.3264319896,'proposal','r0004','bracket 1: drawn at random','{"segment":"r0004-s1","configuration":"2a6025d5e1","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(5,1,1795314723.4723443985,'promotion','r0001','best of those that rest at step 6 (score 0.235)','{"segment":"r0001-s2","configuration":"aa5834fbd4","model":"embedded/xs","from_step":6,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(6,1,1795314723.8947207927,'delete','r0004','room for 0.0 MB of 0.0 MB: the run has all its 24 steps','{"step":24,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.5242106710000344,"seconds_a_byte":0.0}');
INSERT INTO decision VALUES(7,1,1795314723.8998589515,'proposal','r0005','bracket 1: likely among the best of 6 steps','{"segment":"r0005-s1","configuration":"55fb235f3a","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(8,1,1795314723.9258673191,'delete','r0001','room for 0.0 MB of 0.0 MB: a newer one is there, of step 24; the run has all its 24 steps','{"step":6,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.13059377775000416,"seconds_a_byte":0.0}');
INSERT INTO decision VALUES(9,1,1795314723.9307200908,'proposal','r0006','bracket 2: likely among the best of 6 steps','{"segment":"r0006-s1","configuration":"d305f2af0f","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(10,1,1795314724.0947899818,'delete','r0001','room for 0.0 MB of 0.0 MB: the run has all its 24 steps','{"step":24,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.5223751110000167,"seconds_a_byte":0.0}');
INSERT INTO decision VALUES(11,1,1795314724.0998251438,'proposal','r0007','bracket 2: likely among the best of 6 steps','{"segment":"r0007-s1","configuration":"19b05e8cb6","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(12,1,1795314724.3459773064,'delete','r0002','room for 0.0 MB of 0.0 MB: rank 5 of 6 at step 6 on embedded/xs, of which 2 went on','{"step":6,"bytes":2077,"frees":2077,"chance":0.25,"seconds_to_retrain":0.13295949599998858,"seconds_a_byte":1.6003791044774744e-05}');
INSERT INTO decision VALUES(13,1,1795314724.3589975834,'proposal','r0008','bracket 2: drawn at random','{"segment":"r0008-s1","configuration":"793cd724ad","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(14,1,1795314724.5077519416,'delete','r0005','room for 0.0 MB of 0.0 MB: the run has all its 24 steps','{"step":24,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.5694418070000183,"seconds_a_byte":0.0}');
INSERT INTO decision VALUES(15,1,1795314724.5163307189,'proposal','r0009','bracket 3: likely among the best of 6 steps','{"segment":"r0009-s1","configuration":"afc0ecdecb","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(16,1,1795314724.5412318706,'delete','r0008','room for 0.0 MB of 0.0 MB: rank 6 of 8 at step 6 on embedded/xs, of which 3 went on','{"step":6,"bytes":2077,"frees":2077,"chance":0.3149802624737183,"seconds_to_retrain":0.14028487399989353,"seconds_a_byte":2.1274418119200273e-05}');
INSERT INTO decision VALUES(17,1,1795314724.5459997653,'promotion','r0007','best of those that rest at step 6 (score 0.0838)','{"segment":"r0007-s2","configuration":"19b05e8cb6","model":"embedded/xs","from_step":6,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(18,1,1795314724.9669647216,'delete','r0007','room for 0.0 MB of 0.0 MB: a newer one is there, of step 24; the run has all its 24 steps','{"step":6,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.13148870850001163,"seconds_a_byte":0.0}');
INSERT INTO decision VALUES(19,1,1795314724.9721095561,'proposal','r0010','bracket 3: likely among the best of 24 steps','{"segment":"r0010-s1","configuration":"44284284d3","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(20,1,1795314725.072453022,'delete','r0007','room for 0.0 MB of 0.0 MB: the run has all its 24 steps','{"step":24,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.5259548340000465,"seconds_a_byte":0.0}');
INSERT INTO decision VALUES(21,1,1795314725.0773735046,'proposal','r0011','bracket 4: likely among the best of 24 steps','{"segment":"r0011-s1","configuration":"18f70f2791","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO decision VALUES(22,1,1795314725.239169836,'delete','r0009','room for 0.0 MB of 0.0 MB: the run has all its 24 steps','{"step":24,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.5170376360000973,"seconds_a_byte":0.0}');
INSERT INTO decision VALUES(23,1,1795314725.2452762126,'proposal','r0012','bracket 4: likely among the best of 24 steps','{"segment":"r0012-s1","configuration":"e07497d01f","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
CREATE TABLE event (
	pk INTEGER NOT NULL, 
	study INTEGER NOT NULL, 
	time DOUBLE PRECISION NOT NULL, 
	level VARCHAR(20) NOT NULL, 
	message TEXT NOT NULL, 
	PRIMARY KEY (pk), 
	FOREIGN KEY(study) REFERENCES study (pk)
);
CREATE TABLE run (
	pk INTEGER NOT NULL, 
	study INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	id VARCHAR(40) NOT NULL, 
	configuration INTEGER NOT NULL, 
	model TEXT NOT NULL, 
	seed INTEGER NOT NULL, 
	PRIMARY KEY (pk), 
	UNIQUE (study, number), 
	UNIQUE (study, id), 
	UNIQUE (configuration, model, seed), 
	FOREIGN KEY(study) REFERENCES study (pk), 
	FOREIGN KEY(configuration) REFERENCES configuration (pk)
);
INSERT INTO run VALUES(1,1,1,'r0001',1,'embedded/xs',0);
INSERT INTO run VALUES(2,1,2,'r0002',2,'embedded/xs',0);
INSERT INTO run VALUES(3,1,3,'r0003',3,'embedded/xs',0);
INSERT INTO run VALUES(4,1,4,'r0004',4,'embedded/xs',0);
INSERT INTO run VALUES(5,1,5,'r0005',5,'embedded/xs',0);
INSERT INTO run VALUES(6,1,6,'r0006',6,'embedded/xs',0);
INSERT INTO run VALUES(7,1,7,'r0007',7,'embedded/xs',0);
INSERT INTO run VALUES(8,1,8,'r0008',8,'embedded/xs',0);
INSERT INTO run VALUES(9,1,9,'r0009',9,'embedded/xs',0);
INSERT INTO run VALUES(10,1,10,'r0010',10,'embedded/xs',0);
INSERT INTO run VALUES(11,1,11,'r0011',11,'embedded/xs',0);
INSERT INTO run VALUES(12,1,12,'r0012',12,'embedded/xs',0);
CREATE TABLE segment (
	pk INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	id VARCHAR(60) NOT NULL, 
	from_step INTEGER NOT NULL, 
	to_step INTEGER NOT NULL, 
	phase VARCHAR(20) NOT NULL, 
	reason TEXT NOT NULL, 
	proposal_values TEXT NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	folder TEXT NOT NULL, 
	pid INTEGER, 
	pid_started DOUBLE PRECISION, 
	worker TEXT, 
	started DOUBLE PRECISION NOT NULL, 
	ended DOUBLE PRECISION, 
	stop_kind VARCHAR(20), 
	stop_step INTEGER, 
	stop_reason TEXT, 
	stop_rule TEXT, 
	stop_values TEXT, 
	train_seconds DOUBLE PRECISION NOT NULL, 
	validate_seconds DOUBLE PRECISION NOT NULL, 
	start_seconds DOUBLE PRECISION NOT NULL, 
	retrained INTEGER NOT NULL, 
	log_tail TEXT NOT NULL, 
	PRIMARY KEY (pk), 
	UNIQUE (run, number), 
	CHECK (0 <= from_step AND from_step < to_step), 
	FOREIGN KEY(run) REFERENCES run (pk)
);
INSERT INTO segment VALUES(1,1,1,'r0001-s1',0,6,'search','the recipe','{}','ended','runs/0001-embedded-xs-s0-aa5834fbd4/segments/001',10612,720.58000000000004092,'node-7',1795314723.1321308612,1795314723.2918689251,'reached',6,'step 6 was reached',NULL,'{}',0.13517505600007007071,0.0010000000000000000208,0.01285747299994000059,0,'');
INSERT INTO segment VALUES(2,2,1,'r0002-s1',0,6,'search','bracket 0: drawn at random','{}','ended','runs/0002-embedded-xs-s0-7d3e5be0d5/segments/001',10614,720.60000000000002272,'node-7',1795314723.1478054523,1795314723.3161354064,'reached',6,'step 6 was reached',NULL,'{}',0.13295949599998857504,0.0010000000000000000208,0.018795484999941436399,0,'');
INSERT INTO segment VALUES(3,3,1,'r0003-s1',0,6,'search','bracket 0: drawn at random','{}','ended','runs/0003-embedded-xs-s0-f9b156839a/segments/001',10622,720.75999999999999091,'node-7',1795314723.3072023391,1795314723.4604103565,'reached',6,'step 6 was reached',NULL,'{}',0.13182932000004166095,0.0010000000000000000208,0.0053438539999888234888,0,'');
INSERT INTO segment VALUES(4,4,1,'r0004-s1',0,24,'search','bracket 1: drawn at random','{}','ended','runs/0004-embedded-xs-s0-2a6025d5e1/segments/001',10624,720.77999999999997271,'node-7',1795314723.3264319896,1795314723.8803215026,'reached',24,'step 24 was reached',NULL,'{}',0.52421067100003437833,0.0030000000000000000624,0.011568119999992632074,0,'');
INSERT INTO segment VALUES(5,1,2,'r0001-s2',6,24,'search','best of those that rest at step 6 (score 0.235)','{}','ended','runs/0001-embedded-xs-s0-aa5834fbd4/segments/002',10634,720.91999999999995907,'node-7',1795314723.4723443985,1795314723.912813425,'reached',24,'step 24 was reached',NULL,'{}',0.3872000549999465857,0.0020000000000000000416,0.011152007000077901466,0,'');
INSERT INTO segment VALUES(6,5,1,'r0005-s1',0,24,'search','bracket 1: likely among the best of 6 steps','{}','ended','runs/0005-embedded-xs-s0-55fb235f3a/segments/001',10660,721.35000000000002273,'node-7',1795314723.8998589515,1795314724.4925889968,'reached',24,'step 24 was reached',NULL,'{}',0.56944180700001834072,0.0030000000000000000624,0.009689978999972481688,0,'');
INSERT INTO segment VALUES(7,6,1,'r0006-s1',0,6,'search','bracket 2: likely among the best of 6 steps','{}','ended','runs/0006-embedded-xs-s0-d305f2af0f/segments/001',10662,721.37999999999999544,'node-7',1795314723.9307200908,1795314724.0825574398,'reached',6,'step 6 was reached',NULL,'{}',0.13083141299998624074,0.0010000000000000000208,0.0096830559999716570018,0,'');
INSERT INTO segment VALUES(8,7,1,'r0007-s1',0,6,'search','bracket 2: likely among the best of 6 steps','{}','ended','runs/0007-embedded-xs-s0-19b05e8cb6/segments/001',10673,721.54999999999995452,'node-7',1795314724.0998251438,1795314724.2832574844,'reached',6,'step 6 was reached',NULL,'{}',0.14119342300009429802,0.0010000000000000000208,0.0082836349999979574931,0,'');
INSERT INTO segment VALUES(9,8,1,'r0008-s1',0,6,'search','bracket 2: drawn at random','{}','ended','runs/0008-embedded-xs-s0-793cd724ad/segments/001',10686,721.80999999999994544,'node-7',1795314724.3589975834,1795314724.5291879176,'reached',6,'step 6 was reached',NULL,'{}',0.14028487399989353345,0.0010000000000000000208,0.011667892000104984617,0,'');
INSERT INTO segment VALUES(10,9,1,'r0009-s1',0,24,'search','bracket 3: likely among the best of 6 steps','{}','ended','runs/0009-embedded-xs-s0-afc0ecdecb/segments/001',10715,721.97000000000002726,'node-7',1795314724.5163307189,1795314725.0576274395,'reached',24,'step 24 was reached',NULL,'{}',0.51703763600009733369,0.0030000000000000000624,0.0076845699999239513999,0,'');
INSERT INTO segment VALUES(11,7,2,'r0007-s2',6,24,'search','best of those that rest at step 6 (score 0.0838)','{}','ended','runs/0007-embedded-xs-s0-19b05e8cb6/segments/002',10724,721.9900000000000091,'node-7',1795314724.5459997653,1795314724.9513261318,'reached',24,'step 24 was reached',NULL,'{}',0.38476141099995220251,0.0020000000000000000416,0.013935937000042031286,0,'');
INSERT INTO segment VALUES(12,10,1,'r0010-s1',0,24,'search','bracket 3: likely among the best of 24 steps','{}','running','runs/0010-embedded-xs-s0-44284284d3/segments/001',10751,722.41999999999995905,NULL,1795314724.9721095561,NULL,NULL,NULL,NULL,NULL,NULL,0.0,0.0,0.0,0,'');
INSERT INTO segment VALUES(13,11,1,'r0011-s1',0,6,'search','bracket 4: likely among the best of 24 steps','{}','ended','runs/0011-embedded-xs-s0-18f70f2791/segments/001',10757,722.5299999999999727,'node-7',1795314725.0773735046,1795314725.2272584438,'reached',6,'step 6 was reached',NULL,'{}',0.13036957400001847329,0.0010000000000000000208,0.0060931420000542857451,0,'');
INSERT INTO segment VALUES(14,12,1,'r0012-s1',0,6,'search','bracket 4: likely among the best of 24 steps','{}','running','runs/0012-embedded-xs-s0-e07497d01f/segments/001',10768,722.69000000000005456,NULL,1795314725.2452762126,NULL,NULL,NULL,NULL,NULL,NULL,0.0,0.0,0.0,0,'');
CREATE TABLE metric (
	run INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	value DOUBLE PRECISION NOT NULL, 
	PRIMARY KEY (run, step, name), 
	FOREIGN KEY(run) REFERENCES run (pk)
)
 WITHOUT ROWID

;
INSERT INTO metric VALUES(1,1,'kl',0.66602578774700538222);
INSERT INTO metric VALUES(1,1,'reward',0.039106636298397265405);
INSERT INTO metric VALUES(1,1,'step_seconds',0.020238432999917677079);
INSERT INTO metric VALUES(1,2,'kl',0.45621423666742960678);
INSERT INTO metric VALUES(1,2,'reward',0.07821327259679453081);
INSERT INTO metric VALUES(1,2,'step_seconds',0.020911243000000467873);
INSERT INTO metric VALUES(1,3,'kl',0.51718928816662856906);
INSERT INTO metric VALUES(1,3,'reward',0.11731990889519181009);
INSERT INTO metric VALUES(1,3,'step_seconds',0.02012033500000143249);
INSERT INTO metric VALUES(1,4,'kl',0.54891279468986042822);
INSERT INTO metric VALUES(1,4,'reward',0.15642654519358906162);
INSERT INTO metric VALUES(1,4,'step_seconds',0.020117281000011644209);
INSERT INTO metric VALUES(1,5,'kl',0.011856260013733119218);
INSERT INTO metric VALUES(1,5,'reward',0.19553318149198636866);
INSERT INTO metric VALUES(1,5,'step_seconds',0.020124942999927952769);
INSERT INTO metric VALUES(1,6,'kl',0.45468833447775997003);
INSERT INTO metric VALUES(1,6,'reward',0.23463981779038362018);
INSERT INTO metric VALUES(1,6,'score/mean',0.23463981779038362018);
INSERT INTO metric VALUES(1,6,'step_seconds',0.020107115000087105727);
INSERT INTO metric VALUES(1,6,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(1,7,'kl',0.90423437857633326419);
INSERT INTO metric VALUES(1,7,'reward',0.27374645408878089947);
INSERT INTO metric VALUES(1,7,'step_seconds',0.020266714999934265506);
INSERT INTO metric VALUES(1,8,'kl',0.31461051346608681633);
INSERT INTO metric VALUES(1,8,'reward',0.31285309038717812324);
INSERT INTO metric VALUES(1,8,'step_seconds',0.020125753999991502496);
INSERT INTO metric VALUES(1,9,'kl',0.24902723735408560656);
INSERT INTO metric VALUES(1,9,'reward',0.35195972668557540252);
INSERT INTO metric VALUES(1,9,'step_seconds',0.020113525000056142744);
INSERT INTO metric VALUES(1,10,'kl',0.78045319295033188655);
INSERT INTO metric VALUES(1,10,'reward',0.39106636298397273732);
INSERT INTO metric VALUES(1,10,'step_seconds',0.020249249000016789068);
INSERT INTO metric VALUES(1,11,'kl',0.96964980544747081392);
INSERT INTO metric VALUES(1,11,'reward',0.43017299928236996109);
INSERT INTO metric VALUES(1,11,'step_seconds',0.020090241000048081332);
INSERT INTO metric VALUES(1,12,'kl',0.33679713130388344577);
INSERT INTO metric VALUES(1,12,'reward',0.46927963558076724037);
INSERT INTO metric VALUES(1,12,'score/mean',0.46927963558076724037);
INSERT INTO metric VALUES(1,12,'step_seconds',0.020238934000076369557);
INSERT INTO metric VALUES(1,12,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(1,13,'kl',0.3431296253910124383);
INSERT INTO metric VALUES(1,13,'reward',0.50838627187916451966);
INSERT INTO metric VALUES(1,13,'step_seconds',0.021341433999964465328);
INSERT INTO metric VALUES(1,14,'kl',0.58786907759212636559);
INSERT INTO metric VALUES(1,14,'reward',0.54749290817756179894);
INSERT INTO metric VALUES(1,14,'step_seconds',0.020128113000055236625);
INSERT INTO metric VALUES(1,15,'kl',0.71117723353933015584);
INSERT INTO metric VALUES(1,15,'reward',0.58659954447595907822);
INSERT INTO metric VALUES(1,15,'step_seconds',0.020105242999989059171);
INSERT INTO metric VALUES(1,16,'kl',0.90876630807965208536);
INSERT INTO metric VALUES(1,16,'reward',0.62570618077435624648);
INSERT INTO metric VALUES(1,16,'step_seconds',0.020090600999992602737);
INSERT INTO metric VALUES(1,17,'kl',0.05302510109102006458);
INSERT INTO metric VALUES(1,17,'reward',0.66481281707275363679);
INSERT INTO metric VALUES(1,17,'step_seconds',0.020097591000080683443);
INSERT INTO metric VALUES(1,18,'kl',0.79208056763561451862);
INSERT INTO metric VALUES(1,18,'reward',0.70391945337115080505);
INSERT INTO metric VALUES(1,18,'step_seconds',0.020099624999943443981);
INSERT INTO metric VALUES(1,19,'kl',0.28767833981841761659);
INSERT INTO metric VALUES(1,19,'reward',0.74302608966954808433);
INSERT INTO metric VALUES(1,19,'step_seconds',0.02009014000009301526);
INSERT INTO metric VALUES(1,20,'kl',0.12344548714427405755);
INSERT INTO metric VALUES(1,20,'reward',0.78213272596794547464);
INSERT INTO metric VALUES(1,20,'step_seconds',0.020096139999964179878);
INSERT INTO metric VALUES(1,21,'kl',0.79438467994201567012);
INSERT INTO metric VALUES(1,21,'reward',0.8212393622663426429);
INSERT INTO metric VALUES(1,21,'step_seconds',0.02023193399998035602);
INSERT INTO metric VALUES(1,22,'kl',0.84097047379262990229);
INSERT INTO metric VALUES(1,22,'reward',0.86034599856473992218);
INSERT INTO metric VALUES(1,22,'step_seconds',0.020093365999969137192);
INSERT INTO metric VALUES(1,23,'kl',0.29347676813916229177);
INSERT INTO metric VALUES(1,23,'reward',0.89945263486313720147);
INSERT INTO metric VALUES(1,23,'step_seconds',0.020102689000054851931);
INSERT INTO metric VALUES(1,24,'kl',0.39421683070115204339);
INSERT INTO metric VALUES(1,24,'reward',0.93855927116153448075);
INSERT INTO metric VALUES(1,24,'score/mean',0.93855927116153448075);
INSERT INTO metric VALUES(1,24,'step_seconds',0.020115098000019315804);
INSERT INTO metric VALUES(1,24,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(2,1,'kl',0.11409170672159914261);
INSERT INTO metric VALUES(2,1,'reward',0.0013102024211803947086);
INSERT INTO metric VALUES(2,1,'step_seconds',0.020405132999940178706);
INSERT INTO metric VALUES(2,2,'kl',0.40163271534294653353);
INSERT INTO metric VALUES(2,2,'reward',0.0026204048423607894172);
INSERT INTO metric VALUES(2,2,'step_seconds',0.020107931999973516212);
INSERT INTO metric VALUES(2,3,'kl',0.77053482871747924765);
INSERT INTO metric VALUES(2,3,'reward',0.0039306072635411845594);
INSERT INTO metric VALUES(2,3,'step_seconds',0.020103280000057566212);
INSERT INTO metric VALUES(2,4,'kl',0.077912565804531930258);
INSERT INTO metric VALUES(2,4,'reward',0.0052408096847215788344);
INSERT INTO metric VALUES(2,4,'step_seconds',0.020368567999980768945);
INSERT INTO metric VALUES(2,5,'kl',0.99549858854047457157);
INSERT INTO metric VALUES(2,5,'reward',0.006551012105901974844);
INSERT INTO metric VALUES(2,5,'step_seconds',0.020620757000074263487);
INSERT INTO metric VALUES(2,6,'kl',0.8108644235904478581);
INSERT INTO metric VALUES(2,6,'reward',0.0078612145270823691189);
INSERT INTO metric VALUES(2,6,'score/mean',0.0078612145270823691189);
INSERT INTO metric VALUES(2,6,'step_seconds',0.020140006000019639031);
INSERT INTO metric VALUES(2,6,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(3,1,'kl',0.70257114518959329352);
INSERT INTO metric VALUES(3,1,'reward',0.0062783154044479712319);
INSERT INTO metric VALUES(3,1,'step_seconds',0.020250250999993113509);
INSERT INTO metric VALUES(3,2,'kl',0.6844281681544213125);
INSERT INTO metric VALUES(3,2,'reward',0.012556630808895942463);
INSERT INTO metric VALUES(3,2,'step_seconds',0.020155738999960703949);
INSERT INTO metric VALUES(3,3,'kl',0.29622339208056763792);
INSERT INTO metric VALUES(3,3,'reward',0.018834946213343913695);
INSERT INTO metric VALUES(3,3,'step_seconds',0.020145182999954158731);
INSERT INTO metric VALUES(3,4,'kl',0.43161669336995500678);
INSERT INTO metric VALUES(3,4,'reward',0.025113261617791884927);
INSERT INTO metric VALUES(3,4,'step_seconds',0.020127896999952099577);
INSERT INTO metric VALUES(3,5,'kl',0.698771648737315898);
INSERT INTO metric VALUES(3,5,'reward',0.031391577022239859628);
INSERT INTO metric VALUES(3,5,'step_seconds',0.020146715000009862706);
INSERT INTO metric VALUES(3,6,'kl',0.80619516289005876963);
INSERT INTO metric VALUES(3,6,'reward',0.037669892426687827391);
INSERT INTO metric VALUES(3,6,'score/mean',0.037669892426687827391);
INSERT INTO metric VALUES(3,6,'step_seconds',0.020170651000057659985);
INSERT INTO metric VALUES(3,6,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(4,1,'kl',0.91166552224002439519);
INSERT INTO metric VALUES(4,1,'reward',0.0012114425193492663578);
INSERT INTO metric VALUES(4,1,'step_seconds',0.020589674999996532278);
INSERT INTO metric VALUES(4,2,'kl',0.00022888532845044632637);
INSERT INTO metric VALUES(4,2,'reward',0.0024228850386985327156);
INSERT INTO metric VALUES(4,2,'step_seconds',0.020136990999958470638);
INSERT INTO metric VALUES(4,3,'kl',0.067994201571679249718);
INSERT INTO metric VALUES(4,3,'reward',0.003634327558047799507);
INSERT INTO metric VALUES(4,3,'step_seconds',0.021171933999994507757);
INSERT INTO metric VALUES(4,4,'kl',0.71046005951018542656);
INSERT INTO metric VALUES(4,4,'reward',0.0048457700773970654312);
INSERT INTO metric VALUES(4,4,'step_seconds',0.020142680000049040245);
INSERT INTO metric VALUES(4,5,'kl',0.89423971923399714345);
INSERT INTO metric VALUES(4,5,'reward',0.00605721259674633309);
INSERT INTO metric VALUES(4,5,'step_seconds',0.020125102999941191228);
INSERT INTO metric VALUES(4,6,'kl',0.75754940108339052784);
INSERT INTO metric VALUES(4,6,'reward',0.0072686551160955990141);
INSERT INTO metric VALUES(4,6,'score/mean',0.0072686551160955990141);
INSERT INTO metric VALUES(4,6,'step_seconds',0.020898899000030723982);
INSERT INTO metric VALUES(4,6,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(4,7,'kl',0.88889906157015330379);
INSERT INTO metric VALUES(4,7,'reward',0.0084800976354448658056);
INSERT INTO metric VALUES(4,7,'step_seconds',0.020131171999992147902);
INSERT INTO metric VALUES(4,8,'kl',0.34323643854428931287);
INSERT INTO metric VALUES(4,8,'reward',0.0096915401547941308624);
INSERT INTO metric VALUES(4,8,'step_seconds',0.020126756000081513775);
INSERT INTO metric VALUES(4,9,'kl',0.77854581521324484061);
INSERT INTO metric VALUES(4,9,'reward',0.010902982674143399388);
INSERT INTO metric VALUES(4,9,'step_seconds',0.020121637999977792787);
INSERT INTO metric VALUES(4,10,'kl',0.46800946059357595441);
INSERT INTO metric VALUES(4,10,'reward',0.01211442519349266618);
INSERT INTO metric VALUES(4,10,'step_seconds',0.02009831300006226229);
INSERT INTO metric VALUES(4,11,'kl',0.62548256656748302262);
INSERT INTO metric VALUES(4,11,'reward',0.013325867712841931236);
INSERT INTO metric VALUES(4,11,'step_seconds',0.02009581899994827836);
INSERT INTO metric VALUES(4,12,'kl',0.64747081712062259928);
INSERT INTO metric VALUES(4,12,'reward',0.014537310232191198028);
INSERT INTO metric VALUES(4,12,'score/mean',0.014537310232191198028);
INSERT INTO metric VALUES(4,12,'step_seconds',0.020096910999995998281);
INSERT INTO metric VALUES(4,12,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(4,13,'kl',0.090287632562752725973);
INSERT INTO metric VALUES(4,13,'reward',0.015748752751540463085);
INSERT INTO metric VALUES(4,13,'step_seconds',0.02011806699999851844);
INSERT INTO metric VALUES(4,14,'kl',0.9230487525749599964);
INSERT INTO metric VALUES(4,14,'reward',0.016960195270889731611);
INSERT INTO metric VALUES(4,14,'step_seconds',0.020129744999962895235);
INSERT INTO metric VALUES(4,15,'kl',0.75065232318608376971);
INSERT INTO metric VALUES(4,15,'reward',0.018171637790238996668);
INSERT INTO metric VALUES(4,15,'step_seconds',0.020151311999939025554);
INSERT INTO metric VALUES(4,16,'kl',0.55368886854352639126);
INSERT INTO metric VALUES(4,16,'reward',0.019383080309588261724);
INSERT INTO metric VALUES(4,16,'step_seconds',0.020110299999942071735);
INSERT INTO metric VALUES(4,17,'kl',0.47792782482642864883);
INSERT INTO metric VALUES(4,17,'reward',0.020594522828937530251);
INSERT INTO metric VALUES(4,17,'step_seconds',0.02011116199992102338);
INSERT INTO metric VALUES(4,18,'kl',0.70066376745250624757);
INSERT INTO metric VALUES(4,18,'reward',0.021805965348286798777);
INSERT INTO metric VALUES(4,18,'step_seconds',0.020122138000033373828);
INSERT INTO metric VALUES(4,19,'kl',0.76450751506828407144);
INSERT INTO metric VALUES(4,19,'reward',0.023017407867636063834);
INSERT INTO metric VALUES(4,19,'step_seconds',0.020106475000034151889);
INSERT INTO metric VALUES(4,20,'kl',0.22883955138475622903);
INSERT INTO metric VALUES(4,20,'reward',0.02422885038698533236);
INSERT INTO metric VALUES(4,20,'step_seconds',0.020098243000006732472);
INSERT INTO metric VALUES(4,21,'kl',0.41530479896238653436);
INSERT INTO metric VALUES(4,21,'reward',0.025440292906334597416);
INSERT INTO metric VALUES(4,21,'step_seconds',0.020116970000003675522);
INSERT INTO metric VALUES(4,22,'kl',0.73029678797589070438);
INSERT INTO metric VALUES(4,22,'reward',0.026651735425683862473);
INSERT INTO metric VALUES(4,22,'step_seconds',0.020098372999996172438);
INSERT INTO metric VALUES(4,23,'kl',0.69636072327763787193);
INSERT INTO metric VALUES(4,23,'reward',0.027863177945033130999);
INSERT INTO metric VALUES(4,23,'step_seconds',0.020106435000002420565);
INSERT INTO metric VALUES(4,24,'kl',0.93655298695353628168);
INSERT INTO metric VALUES(4,24,'reward',0.029074620464382396056);
INSERT INTO metric VALUES(4,24,'score/mean',0.029074620464382396056);
INSERT INTO metric VALUES(4,24,'step_seconds',0.020114808000016637379);
INSERT INTO metric VALUES(4,24,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(5,1,'kl',0.58553444724193182135);
INSERT INTO metric VALUES(5,1,'reward',0.032755899859104320448);
INSERT INTO metric VALUES(5,1,'step_seconds',0.02034443200000168872);
INSERT INTO metric VALUES(5,2,'kl',0.39397268635080490151);
INSERT INTO metric VALUES(5,2,'reward',0.065511799718208640896);
INSERT INTO metric VALUES(5,2,'step_seconds',0.020100245999969956756);
INSERT INTO metric VALUES(5,3,'kl',0.39436942092011900706);
INSERT INTO metric VALUES(5,3,'reward',0.098267699577312961345);
INSERT INTO metric VALUES(5,3,'step_seconds',0.020112614000026951543);
INSERT INTO metric VALUES(5,4,'kl',0.28642710002288851445);
INSERT INTO metric VALUES(5,4,'reward',0.13102359943641728179);
INSERT INTO metric VALUES(5,4,'step_seconds',0.020091422999939823057);
INSERT INTO metric VALUES(5,5,'kl',0.56585030899519339619);
INSERT INTO metric VALUES(5,5,'reward',0.16377949929552160224);
INSERT INTO metric VALUES(5,5,'step_seconds',0.020094027000027381291);
INSERT INTO metric VALUES(5,6,'kl',0.0020752269779507133591);
INSERT INTO metric VALUES(5,6,'reward',0.19653539915462592269);
INSERT INTO metric VALUES(5,6,'score/mean',0.19653539915462592269);
INSERT INTO metric VALUES(5,6,'step_seconds',0.020099324999932832724);
INSERT INTO metric VALUES(5,6,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(5,7,'kl',0.78104829480430304489);
INSERT INTO metric VALUES(5,7,'reward',0.22929129901373027089);
INSERT INTO metric VALUES(5,7,'step_seconds',0.020096079999916582892);
INSERT INTO metric VALUES(5,8,'kl',0.98590066376745255638);
INSERT INTO metric VALUES(5,8,'reward',0.26204719887283456358);
INSERT INTO metric VALUES(5,8,'step_seconds',0.020143875999906413198);
INSERT INTO metric VALUES(5,9,'kl',0.40140383001449608801);
INSERT INTO metric VALUES(5,9,'reward',0.29480309873193888403);
INSERT INTO metric VALUES(5,9,'step_seconds',0.020124291000001903739);
INSERT INTO metric VALUES(5,10,'kl',0.48609140154116120546);
INSERT INTO metric VALUES(5,10,'reward',0.32755899859104320448);
INSERT INTO metric VALUES(5,10,'step_seconds',0.020095838999964144022);
INSERT INTO metric VALUES(5,11,'kl',0.6929884794384679747);
INSERT INTO metric VALUES(5,11,'reward',0.36031489845014752493);
INSERT INTO metric VALUES(5,11,'step_seconds',0.020116430000030049995);
INSERT INTO metric VALUES(5,12,'kl',0.47357900358587012856);
INSERT INTO metric VALUES(5,12,'reward',0.39307079830925184538);
INSERT INTO metric VALUES(5,12,'score/mean',0.39307079830925184538);
INSERT INTO metric VALUES(5,12,'step_seconds',0.020123471000033532618);
INSERT INTO metric VALUES(5,12,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(5,13,'kl',0.55664911879148548656);
INSERT INTO metric VALUES(5,13,'reward',0.42582669816835611031);
INSERT INTO metric VALUES(5,13,'step_seconds',0.020175507999965702765);
INSERT INTO metric VALUES(5,14,'kl',0.599053940642404803);
INSERT INTO metric VALUES(5,14,'reward',0.45858259802746054178);
INSERT INTO metric VALUES(5,14,'step_seconds',0.020123946000012438162);
INSERT INTO metric VALUES(5,15,'kl',0.17494468604562446456);
INSERT INTO metric VALUES(5,15,'reward',0.49133849788656480672);
INSERT INTO metric VALUES(5,15,'step_seconds',0.021871063000048707181);
INSERT INTO metric VALUES(5,16,'kl',0.52281986724650952869);
INSERT INTO metric VALUES(5,16,'reward',0.52409439774566912717);
INSERT INTO metric VALUES(5,16,'step_seconds',0.025986529000078917306);
INSERT INTO metric VALUES(5,17,'kl',0.06332494087129014737);
INSERT INTO metric VALUES(5,17,'reward',0.55685029760477344762);
INSERT INTO metric VALUES(5,17,'step_seconds',0.022894308999980239605);
INSERT INTO metric VALUES(5,18,'kl',0.1188830395971618159);
INSERT INTO metric VALUES(5,18,'reward',0.58960619746387776807);
INSERT INTO metric VALUES(5,18,'step_seconds',0.037123192999956700077);
INSERT INTO metric VALUES(5,19,'kl',0.61738002594033725145);
INSERT INTO metric VALUES(5,19,'reward',0.62236209732298208852);
INSERT INTO metric VALUES(5,19,'step_seconds',0.020122107999895888497);
INSERT INTO metric VALUES(5,20,'kl',0.017151140611886779574);
INSERT INTO metric VALUES(5,20,'reward',0.65511799718208640896);
INSERT INTO metric VALUES(5,20,'step_seconds',0.020111993000000438769);
INSERT INTO metric VALUES(5,21,'kl',0.88210879682612342023);
INSERT INTO metric VALUES(5,21,'reward',0.68787389704119072941);
INSERT INTO metric VALUES(5,21,'step_seconds',0.020351322999999865714);
INSERT INTO metric VALUES(5,22,'kl',0.34976729991607535819);
INSERT INTO metric VALUES(5,22,'reward',0.72062979690029504986);
INSERT INTO metric VALUES(5,22,'step_seconds',0.020114322000040374405);
INSERT INTO metric VALUES(5,23,'kl',0.4956740672922865798);
INSERT INTO metric VALUES(5,23,'reward',0.75338569675939937031);
INSERT INTO metric VALUES(5,23,'step_seconds',0.020133916000077078933);
INSERT INTO metric VALUES(5,24,'kl',0.79182116426337068038);
INSERT INTO metric VALUES(5,24,'reward',0.78614159661850369076);
INSERT INTO metric VALUES(5,24,'score/mean',0.78614159661850369076);
INSERT INTO metric VALUES(5,24,'step_seconds',0.020146248999935778556);
INSERT INTO metric VALUES(5,24,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(6,1,'kl',0.59984740978103301412);
INSERT INTO metric VALUES(6,1,'reward',0.010511959899782654173);
INSERT INTO metric VALUES(6,1,'step_seconds',0.020223820999945019138);
INSERT INTO metric VALUES(6,2,'kl',0.12864881361104751889);
INSERT INTO metric VALUES(6,2,'reward',0.021023919799565308347);
INSERT INTO metric VALUES(6,2,'step_seconds',0.020099955000091540568);
INSERT INTO metric VALUES(6,3,'kl',0.44437323567559317005);
INSERT INTO metric VALUES(6,3,'reward',0.031535879699347964255);
INSERT INTO metric VALUES(6,3,'step_seconds',0.020110211000087474531);
INSERT INTO metric VALUES(6,4,'kl',0.90209811551079577274);
INSERT INTO metric VALUES(6,4,'reward',0.042047839599130616694);
INSERT INTO metric VALUES(6,4,'step_seconds',0.020606414999974731472);
INSERT INTO metric VALUES(6,5,'kl',0.50705729762722206999);
INSERT INTO metric VALUES(6,5,'reward',0.052559799498913276072);
INSERT INTO metric VALUES(6,5,'step_seconds',0.020119754999996075639);
INSERT INTO metric VALUES(6,6,'kl',0.36591134508278017056);
INSERT INTO metric VALUES(6,6,'reward',0.063071759398695928511);
INSERT INTO metric VALUES(6,6,'score/mean',0.063071759398695928511);
INSERT INTO metric VALUES(6,6,'step_seconds',0.020086805000005369947);
INSERT INTO metric VALUES(6,6,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(7,1,'kl',0.128404669260700377);
INSERT INTO metric VALUES(7,1,'reward',0.013972640757979288422);
INSERT INTO metric VALUES(7,1,'step_seconds',0.020240195000042149331);
INSERT INTO metric VALUES(7,2,'kl',0.0077973601892118715728);
INSERT INTO metric VALUES(7,2,'reward',0.027945281515958576845);
INSERT INTO metric VALUES(7,2,'step_seconds',0.02012239800001225376);
INSERT INTO metric VALUES(7,3,'kl',0.56639963378347446543);
INSERT INTO metric VALUES(7,3,'reward',0.041917922273937868737);
INSERT INTO metric VALUES(7,3,'step_seconds',0.020119393999948442797);
INSERT INTO metric VALUES(7,4,'kl',0.70711833371480892207);
INSERT INTO metric VALUES(7,4,'reward',0.055890563031917153691);
INSERT INTO metric VALUES(7,4,'step_seconds',0.020108248000042294734);
INSERT INTO metric VALUES(7,5,'kl',0.75646601052872508574);
INSERT INTO metric VALUES(7,5,'reward',0.069863203789896452522);
INSERT INTO metric VALUES(7,5,'step_seconds',0.020410822000030748313);
INSERT INTO metric VALUES(7,6,'kl',0.37683680476081482524);
INSERT INTO metric VALUES(7,6,'reward',0.083835844547875737475);
INSERT INTO metric VALUES(7,6,'score/mean',0.083835844547875737475);
INSERT INTO metric VALUES(7,6,'step_seconds',0.020161507000011624768);
INSERT INTO metric VALUES(7,6,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(7,7,'kl',0.89419394216830705435);
INSERT INTO metric VALUES(7,7,'reward',0.097808485305855036306);
INSERT INTO metric VALUES(7,7,'step_seconds',0.020201301999918541696);
INSERT INTO metric VALUES(7,8,'kl',0.049713893339436938945);
INSERT INTO metric VALUES(7,8,'reward',0.11178112606383430738);
INSERT INTO metric VALUES(7,8,'step_seconds',0.020089449000010972667);
INSERT INTO metric VALUES(7,9,'kl',0.60625619897764548849);
INSERT INTO metric VALUES(7,9,'reward',0.12575376682181360621);
INSERT INTO metric VALUES(7,9,'step_seconds',0.020083960999954797443);
INSERT INTO metric VALUES(7,10,'kl',0.79723811703669800188);
INSERT INTO metric VALUES(7,10,'reward',0.13972640757979290504);
INSERT INTO metric VALUES(7,10,'step_seconds',0.02055003099997065874);
INSERT INTO metric VALUES(7,11,'kl',0.64231326771953922705);
INSERT INTO metric VALUES(7,11,'reward',0.15369904833777217612);
INSERT INTO metric VALUES(7,11,'step_seconds',0.020098884000049110909);
INSERT INTO metric VALUES(7,12,'kl',0.35606927595941101349);
INSERT INTO metric VALUES(7,12,'reward',0.16767168909575147495);
INSERT INTO metric VALUES(7,12,'score/mean',0.16767168909575147495);
INSERT INTO metric VALUES(7,12,'step_seconds',0.0201008559999991121);
INSERT INTO metric VALUES(7,12,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(7,13,'kl',0.67956054016937517125);
INSERT INTO metric VALUES(7,13,'reward',0.18164432985373074602);
INSERT INTO metric VALUES(7,13,'step_seconds',0.020420251000018652121);
INSERT INTO metric VALUES(7,14,'kl',0.63314259555962459913);
INSERT INTO metric VALUES(7,14,'reward',0.19561697061171007261);
INSERT INTO metric VALUES(7,14,'step_seconds',0.020113115000071957183);
INSERT INTO metric VALUES(7,15,'kl',0.63356984817273209742);
INSERT INTO metric VALUES(7,15,'reward',0.20958961136968934368);
INSERT INTO metric VALUES(7,15,'step_seconds',0.020108839000045009015);
INSERT INTO metric VALUES(7,16,'kl',0.10516517891203173984);
INSERT INTO metric VALUES(7,16,'reward',0.22356225212766861476);
INSERT INTO metric VALUES(7,16,'step_seconds',0.020097751999969659664);
INSERT INTO metric VALUES(7,17,'kl',0.63852903028915841687);
INSERT INTO metric VALUES(7,17,'reward',0.23753489288564794135);
INSERT INTO metric VALUES(7,17,'step_seconds',0.020102739999970253848);
INSERT INTO metric VALUES(7,18,'kl',0.34702067597467001203);
INSERT INTO metric VALUES(7,18,'reward',0.25150753364362721242);
INSERT INTO metric VALUES(7,18,'step_seconds',0.020110370999987026152);
INSERT INTO metric VALUES(7,19,'kl',0.69375143053330279307);
INSERT INTO metric VALUES(7,19,'reward',0.2654801744016064835);
INSERT INTO metric VALUES(7,19,'step_seconds',0.020099444999914339859);
INSERT INTO metric VALUES(7,20,'kl',0.73626306553749909511);
INSERT INTO metric VALUES(7,20,'reward',0.27945281515958581008);
INSERT INTO metric VALUES(7,20,'step_seconds',0.020108347000018511607);
INSERT INTO metric VALUES(7,21,'kl',0.92811474784466319043);
INSERT INTO metric VALUES(7,21,'reward',0.29342545591756508116);
INSERT INTO metric VALUES(7,21,'step_seconds',0.020103360000007342023);
INSERT INTO metric VALUES(7,22,'kl',0.18056000610360875557);
INSERT INTO metric VALUES(7,22,'reward',0.30739809667554435224);
INSERT INTO metric VALUES(7,22,'step_seconds',0.020085072999904696189);
INSERT INTO metric VALUES(7,23,'kl',0.90629434653238727381);
INSERT INTO metric VALUES(7,23,'reward',0.32137073743352367882);
INSERT INTO metric VALUES(7,23,'step_seconds',0.020093015000043124018);
INSERT INTO metric VALUES(7,24,'kl',0.52896925307087816481);
INSERT INTO metric VALUES(7,24,'reward',0.3353433781915029499);
INSERT INTO metric VALUES(7,24,'score/mean',0.3353433781915029499);
INSERT INTO metric VALUES(7,24,'step_seconds',0.020090901999992638593);
INSERT INTO metric VALUES(7,24,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(8,1,'kl',0.25098039215686274161);
INSERT INTO metric VALUES(8,1,'reward',0.0038454692032114292515);
INSERT INTO metric VALUES(8,1,'step_seconds',0.020250701000009030394);
INSERT INTO metric VALUES(8,2,'kl',0.21739528496223392561);
INSERT INTO metric VALUES(8,2,'reward',0.0076909384064228585031);
INSERT INTO metric VALUES(8,2,'step_seconds',0.020153856000092673639);
INSERT INTO metric VALUES(8,3,'kl',0.24243533989471274803);
INSERT INTO metric VALUES(8,3,'reward',0.011536407609634287754);
INSERT INTO metric VALUES(8,3,'step_seconds',0.020169248999991395976);
INSERT INTO metric VALUES(8,4,'kl',0.67627985046158545223);
INSERT INTO metric VALUES(8,4,'reward',0.015381876812845717006);
INSERT INTO metric VALUES(8,4,'step_seconds',0.020777693000013641722);
INSERT INTO metric VALUES(8,5,'kl',0.8615243762874800204);
INSERT INTO metric VALUES(8,5,'reward',0.019227346016057147992);
INSERT INTO metric VALUES(8,5,'step_seconds',0.020113516000037634512);
INSERT INTO metric VALUES(8,6,'kl',0.8392767223620966055);
INSERT INTO metric VALUES(8,6,'reward',0.023072815219268575509);
INSERT INTO metric VALUES(8,6,'score/mean',0.023072815219268575509);
INSERT INTO metric VALUES(8,6,'step_seconds',0.020122553999954106984);
INSERT INTO metric VALUES(8,6,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(9,1,'kl',0.63881895170519564786);
INSERT INTO metric VALUES(9,1,'reward',0.038319678635379661457);
INSERT INTO metric VALUES(9,1,'step_seconds',0.020268633999990015581);
INSERT INTO metric VALUES(9,2,'kl',0.81451132982375828994);
INSERT INTO metric VALUES(9,2,'reward',0.076639357270759322915);
INSERT INTO metric VALUES(9,2,'step_seconds',0.020098602999951253877);
INSERT INTO metric VALUES(9,3,'kl',0.19789425497825588462);
INSERT INTO metric VALUES(9,3,'reward',0.11495903590613898437);
INSERT INTO metric VALUES(9,3,'step_seconds',0.020090521000042826926);
INSERT INTO metric VALUES(9,4,'kl',0.2094758525978484831);
INSERT INTO metric VALUES(9,4,'reward',0.15327871454151864583);
INSERT INTO metric VALUES(9,4,'step_seconds',0.020110320999947361997);
INSERT INTO metric VALUES(9,5,'kl',0.43775082017242694654);
INSERT INTO metric VALUES(9,5,'reward',0.19159839317689830728);
INSERT INTO metric VALUES(9,5,'step_seconds',0.020105513999965296534);
INSERT INTO metric VALUES(9,6,'kl',0.17149614709697108549);
INSERT INTO metric VALUES(9,6,'reward',0.22991807181227796874);
INSERT INTO metric VALUES(9,6,'score/mean',0.22991807181227796874);
INSERT INTO metric VALUES(9,6,'step_seconds',0.020129169000028923619);
INSERT INTO metric VALUES(9,6,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(9,7,'kl',0.38309300373846039144);
INSERT INTO metric VALUES(9,7,'reward',0.2682377504476576302);
INSERT INTO metric VALUES(9,7,'step_seconds',0.020125985000049695372);
INSERT INTO metric VALUES(9,8,'kl',0.13296711680781261866);
INSERT INTO metric VALUES(9,8,'reward',0.30655742908303729166);
INSERT INTO metric VALUES(9,8,'step_seconds',0.020119365000027755741);
INSERT INTO metric VALUES(9,9,'kl',0.94702067597466998982);
INSERT INTO metric VALUES(9,9,'reward',0.34487710771841695311);
INSERT INTO metric VALUES(9,9,'step_seconds',0.020138977999977214494);
INSERT INTO metric VALUES(9,10,'kl',0.71873044937819485777);
INSERT INTO metric VALUES(9,10,'reward',0.38319678635379661457);
INSERT INTO metric VALUES(9,10,'step_seconds',0.020105242999989059171);
INSERT INTO metric VALUES(9,11,'kl',0.90356298161287862402);
INSERT INTO metric VALUES(9,11,'reward',0.42151646498917627603);
INSERT INTO metric VALUES(9,11,'step_seconds',0.020117280999897957372);
INSERT INTO metric VALUES(9,12,'kl',0.12578011749446860179);
INSERT INTO metric VALUES(9,12,'reward',0.45983614362455593749);
INSERT INTO metric VALUES(9,12,'score/mean',0.45983614362455593749);
INSERT INTO metric VALUES(9,12,'step_seconds',0.020108457999981510511);
INSERT INTO metric VALUES(9,12,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(9,13,'kl',0.031525139238574806377);
INSERT INTO metric VALUES(9,13,'reward',0.49815582225993554343);
INSERT INTO metric VALUES(9,13,'step_seconds',0.020123941000065315165);
INSERT INTO metric VALUES(9,14,'kl',0.7470817120622568197);
INSERT INTO metric VALUES(9,14,'reward',0.5364755008953152604);
INSERT INTO metric VALUES(9,14,'step_seconds',0.020109869999942020513);
INSERT INTO metric VALUES(9,15,'kl',0.19211108567940796132);
INSERT INTO metric VALUES(9,15,'reward',0.57479517953069492186);
INSERT INTO metric VALUES(9,15,'step_seconds',0.020105934000071101763);
INSERT INTO metric VALUES(9,16,'kl',0.25082780193789577793);
INSERT INTO metric VALUES(9,16,'reward',0.61311485816607458332);
INSERT INTO metric VALUES(9,16,'step_seconds',0.020132855000042582105);
INSERT INTO metric VALUES(9,17,'kl',0.34934004730296785989);
INSERT INTO metric VALUES(9,17,'reward',0.65143453680145424478);
INSERT INTO metric VALUES(9,17,'step_seconds',0.020098673000006783695);
INSERT INTO metric VALUES(9,18,'kl',0.9686732280460822464);
INSERT INTO metric VALUES(9,18,'reward',0.68975421543683390623);
INSERT INTO metric VALUES(9,18,'step_seconds',0.02009639999994305981);
INSERT INTO metric VALUES(9,19,'kl',0.53948271915770196205);
INSERT INTO metric VALUES(9,19,'reward',0.72807389407221356769);
INSERT INTO metric VALUES(9,19,'step_seconds',0.020109679000029245798);
INSERT INTO metric VALUES(9,20,'kl',0.29088273441672390928);
INSERT INTO metric VALUES(9,20,'reward',0.76639357270759322915);
INSERT INTO metric VALUES(9,20,'step_seconds',0.021376140000029408838);
INSERT INTO metric VALUES(9,21,'kl',0.40537117570763714358);
INSERT INTO metric VALUES(9,21,'reward',0.80471325134297289061);
INSERT INTO metric VALUES(9,21,'step_seconds',0.020118372999945677292);
INSERT INTO metric VALUES(9,22,'kl',0.52288090333409631416);
INSERT INTO metric VALUES(9,22,'reward',0.84303292997835255206);
INSERT INTO metric VALUES(9,22,'step_seconds',0.02009384600000885257);
INSERT INTO metric VALUES(9,23,'kl',0.94105439841306171011);
INSERT INTO metric VALUES(9,23,'reward',0.88135260861373221352);
INSERT INTO metric VALUES(9,23,'step_seconds',0.020090982000056101242);
INSERT INTO metric VALUES(9,24,'kl',0.60805676356145565986);
INSERT INTO metric VALUES(9,24,'reward',0.91967228724911187498);
INSERT INTO metric VALUES(9,24,'score/mean',0.91967228724911187498);
INSERT INTO metric VALUES(9,24,'step_seconds',0.020414888000004793866);
INSERT INTO metric VALUES(9,24,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(10,1,'kl',0.92875562676432443787);
INSERT INTO metric VALUES(10,1,'reward',0.038096529307934418051);
INSERT INTO metric VALUES(10,1,'step_seconds',0.020206294999979945714);
INSERT INTO metric VALUES(10,2,'kl',0.92454413672083624042);
INSERT INTO metric VALUES(10,2,'reward',0.076193058615868836103);
INSERT INTO metric VALUES(10,2,'step_seconds',0.020118302000014409713);
INSERT INTO metric VALUES(10,3,'kl',0.86860456244754713495);
INSERT INTO metric VALUES(10,3,'reward',0.11428958792380325415);
INSERT INTO metric VALUES(10,3,'step_seconds',0.020135890000005929323);
INSERT INTO metric VALUES(10,4,'kl',0.39659723811703667673);
INSERT INTO metric VALUES(10,4,'reward',0.1523861172317376722);
INSERT INTO metric VALUES(10,4,'step_seconds',0.020125813999925412645);
INSERT INTO metric VALUES(10,5,'kl',0.050125886930647747807);
INSERT INTO metric VALUES(10,5,'reward',0.19048264653967209025);
INSERT INTO metric VALUES(10,5,'step_seconds',0.020115728999940074572);
INSERT INTO metric VALUES(10,6,'kl',0.0073395895323109788116);
INSERT INTO metric VALUES(10,6,'reward',0.2285791758476065083);
INSERT INTO metric VALUES(10,6,'score/mean',0.2285791758476065083);
INSERT INTO metric VALUES(10,6,'step_seconds',0.020124122000083843886);
INSERT INTO metric VALUES(10,6,'validate_seconds',0.0010000000000000000208);
INSERT INTO metric VALUES(10,7,'kl',0.57340352483405809813);
INSERT INTO metric VALUES(10,7,'reward',0.26667570515554095411);
INSERT INTO metric VALUES(10,7,'step_seconds',0.020111692999989827512);
INSERT INTO metric VALUES(10,8,'kl',0.66463721675440601277);
INSERT INTO metric VALUES(10,8,'reward',0.30477223446347534441);
INSERT INTO metric VALUES(10,8,'step_seconds',0.020124231999943731352);
INSERT INTO metric VALUES(10,9,'kl',0.15489433127336538209);
INSERT INTO metric VALUES(10,9,'reward',0.3428687637714097347);
INSERT INTO metric VALUES(10,9,'step_seconds',0.020833235000054628471);
INSERT INTO metric VALUES(10,10,'kl',0.33464560921644920243);
INSERT INTO metric VALUES(10,10,'reward',0.38096529307934418051);
INSERT INTO metric VALUES(10,10,'step_seconds',0.020194376999938867811);
INSERT INTO metric VALUES(10,11,'kl',0.98013275349050121842);
INSERT INTO metric VALUES(10,11,'reward',0.41906182238727857081);
INSERT INTO metric VALUES(10,11,'step_seconds',0.02010151799993309396);
INSERT INTO metric VALUES(11,1,'kl',0.11525139238574808042);
INSERT INTO metric VALUES(11,1,'reward',0.038934427497350938829);
INSERT INTO metric VALUES(11,1,'step_seconds',0.020215108000002146582);
INSERT INTO metric VALUES(11,2,'kl',0.71332875562676434366);
INSERT INTO metric VALUES(11,2,'reward',0.077868854994701877658);
INSERT INTO metric VALUES(11,2,'step_seconds',0.020113374999937150278);
INSERT INTO metric VALUES(11,3,'kl',0.64753185320820938475);
INSERT INTO metric VALUES(11,3,'reward',0.11680328249205282342);
INSERT INTO metric VALUES(11,3,'step_seconds',0.020108047000007900351);
INSERT INTO metric VALUES(11,4,'kl',0.19800106813153275919);
INSERT INTO metric VALUES(11,4,'reward',0.15573770998940375531);
INSERT INTO metric VALUES(11,4,'step_seconds',0.020103480999978273757);
INSERT INTO metric VALUES(11,5,'kl',0.54242771038376436099);
INSERT INTO metric VALUES(11,5,'reward',0.19467213748675471496);
INSERT INTO metric VALUES(11,5,'step_seconds',0.020121477000088816566);
INSERT INTO metric VALUES(11,6,'kl',0.26303501945525292748);
INSERT INTO metric VALUES(11,6,'reward',0.23360656498410564685);
INSERT INTO metric VALUES(11,6,'score/mean',0.23360656498410564685);
INSERT INTO metric VALUES(11,6,'step_seconds',0.020118111999977372761);
INSERT INTO metric VALUES(11,6,'validate_seconds',0.0010000000000000000208);
CREATE TABLE checkpoint (
	run INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	path TEXT NOT NULL, 
	bytes INTEGER NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	pinned BOOLEAN NOT NULL, 
	tier VARCHAR(20) DEFAULT 'full' NOT NULL, 
	PRIMARY KEY (run, step), 
	FOREIGN KEY(run) REFERENCES run (pk)
);
INSERT INTO checkpoint VALUES(1,6,'runs/0001-embedded-xs-s0-aa5834fbd4/checkpoints/step-000006',2077,'deleted',0,'full');
INSERT INTO checkpoint VALUES(2,6,'runs/0002-embedded-xs-s0-7d3e5be0d5/checkpoints/step-000006',2077,'deleted',0,'full');
INSERT INTO checkpoint VALUES(3,6,'runs/0003-embedded-xs-s0-f9b156839a/checkpoints/step-000006',2077,'complete',0,'full');
INSERT INTO checkpoint VALUES(4,24,'runs/0004-embedded-xs-s0-2a6025d5e1/checkpoints/step-000024',2077,'deleted',0,'full');
INSERT INTO checkpoint VALUES(1,24,'runs/0001-embedded-xs-s0-aa5834fbd4/checkpoints/step-000024',2077,'deleted',0,'full');
INSERT INTO checkpoint VALUES(6,6,'runs/0006-embedded-xs-s0-d305f2af0f/checkpoints/step-000006',2077,'complete',0,'full');
INSERT INTO checkpoint VALUES(7,6,'runs/0007-embedded-xs-s0-19b05e8cb6/checkpoints/step-000006',2077,'deleted',0,'full');
INSERT INTO checkpoint VALUES(5,24,'runs/0005-embedded-xs-s0-55fb235f3a/checkpoints/step-000024',2077,'deleted',0,'full');
INSERT INTO checkpoint VALUES(8,6,'runs/0008-embedded-xs-s0-793cd724ad/checkpoints/step-000006',2077,'deleted',0,'full');
INSERT INTO checkpoint VALUES(7,24,'runs/0007-embedded-xs-s0-19b05e8cb6/checkpoints/step-000024',2077,'deleted',0,'full');
INSERT INTO checkpoint VALUES(9,24,'runs/0009-embedded-xs-s0-afc0ecdecb/checkpoints/step-000024',2077,'deleted',0,'full');
INSERT INTO checkpoint VALUES(11,6,'runs/0011-embedded-xs-s0-18f70f2791/checkpoints/step-000006',2077,'complete',0,'full');
CREATE TABLE evaluation (
	pk INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	phase VARCHAR(20) NOT NULL, 
	score DOUBLE PRECISION, 
	last_score DOUBLE PRECISION, 
	steps_trained INTEGER NOT NULL, 
	train_seconds DOUBLE PRECISION NOT NULL, 
	validate_seconds DOUBLE PRECISION NOT NULL, 
	start_seconds DOUBLE PRECISION NOT NULL, 
	stop_kind VARCHAR(20) NOT NULL, 
	stop_step INTEGER NOT NULL, 
	stop_reason TEXT NOT NULL, 
	stop_rule TEXT, 
	stop_values TEXT, 
	PRIMARY KEY (pk), 
	UNIQUE (run, step), 
	FOREIGN KEY(run) REFERENCES run (pk)
);
INSERT INTO evaluation VALUES(1,1,6,'search',0.23463981779038362018,0.23463981779038362018,6,0.12161934999994628014,0.0010000000000000000208,0.01285747299994000059,'reached',6,'step 6 was reached',NULL,'{}');
INSERT INTO evaluation VALUES(2,2,6,'search',0.0078612145270823691189,0.0078612145270823691189,6,0.12174567600004593259,0.0010000000000000000208,0.018795484999941436399,'reached',6,'step 6 was reached',NULL,'{}');
INSERT INTO evaluation VALUES(3,3,6,'search',0.037669892426687827391,0.037669892426687827391,6,0.12099643599992759845,0.0010000000000000000208,0.0053438539999888234888,'reached',6,'step 6 was reached',NULL,'{}');
INSERT INTO evaluation VALUES(4,4,6,'search',0.0072686551160955990141,NULL,6,0.12306528199997046613,0.0010000000000000000208,0.011568119999992632074,'reached',6,'passed step 6 on the way to step 24',NULL,'{}');
INSERT INTO evaluation VALUES(5,4,12,'search',0.014537310232191198028,NULL,12,0.24373589100002845952,0.0020000000000000000416,0.011568119999992632074,'reached',12,'passed step 12 on the way to step 24',NULL,'{}');
INSERT INTO evaluation VALUES(6,4,24,'search',0.029074620464382396056,0.029074620464382396056,24,0.48511991899988515797,0.0030000000000000000624,0.011568119999992632074,'reached',24,'step 24 was reached',NULL,'{}');
INSERT INTO evaluation VALUES(7,1,12,'search',0.46927963558076724037,NULL,12,0.24270376800006943085,0.0020000000000000000416,0.024009480000017902057,'reached',12,'passed step 12 on the way to step 24',NULL,'{}');
INSERT INTO evaluation VALUES(8,1,24,'search',0.93855927116153448075,0.93855927116153448075,24,0.48529574200017577823,0.0030000000000000000624,0.024009480000017902057,'reached',24,'step 24 was reached',NULL,'{}');
INSERT INTO evaluation VALUES(9,6,6,'search',0.063071759398695928511,0.063071759398695928511,6,0.12124696200010021129,0.0010000000000000000208,0.0096830559999716570018,'reached',6,'step 6 was reached',NULL,'{}');
INSERT INTO evaluation VALUES(10,7,6,'search',0.083835844547875737475,0.083835844547875737475,6,0.1211625640000875137,0.0010000000000000000208,0.0082836349999979574931,'reached',6,'step 6 was reached',NULL,'{}');
INSERT INTO evaluation VALUES(11,5,6,'search',0.19653539915462592269,NULL,6,0.12084206699989863409,0.0010000000000000000208,0.009689978999972481688,'reached',6,'passed step 6 on the way to step 24',NULL,'{}');
INSERT INTO evaluation VALUES(12,5,12,'search',0.39307079830925184538,NULL,12,0.24154205399975126056,0.0020000000000000000416,0.009689978999972481688,'reached',12,'passed step 12 on the way to step 24',NULL,'{}');
INSERT INTO evaluation VALUES(13,5,24,'search',0.78614159661850369076,0.78614159661850369076,24,0.51069651299974339053,0.0030000000000000000624,0.009689978999972481688,'reached',24,'step 24 was reached',NULL,'{}');
INSERT INTO evaluation VALUES(14,8,6,'search',0.023072815219268575509,0.023072815219268575509,6,0.12158756900009848322,0.0010000000000000000208,0.011667892000104984617,'reached',6,'step 6 was reached',NULL,'{}');
INSERT INTO evaluation VALUES(15,7,12,'search',0.16767168909575147495,NULL,12,0.24228704699999070726,0.0020000000000000000416,0.022219572000039988779,'reached',12,'passed step 12 on the way to step 24',NULL,'{}');
INSERT INTO evaluation VALUES(16,7,24,'search',0.3353433781915029499,0.3353433781915029499,24,0.48382025699993391754,0.0030000000000000000624,0.022219572000039988779,'reached',24,'step 24 was reached',NULL,'{}');
INSERT INTO evaluation VALUES(17,9,6,'search',0.22991807181227796874,NULL,6,0.12080276199992567853,0.0010000000000000000208,0.0076845699999239513999,'reached',6,'passed step 6 on the way to step 24',NULL,'{}');
INSERT INTO evaluation VALUES(18,9,12,'search',0.45983614362455593749,NULL,12,0.2415180719998488712,0.0020000000000000000416,0.0076845699999239513999,'reached',12,'passed step 12 on the way to step 24',NULL,'{}');
INSERT INTO evaluation VALUES(19,9,24,'search',0.91967228724911187498,0.91967228724911187498,24,0.48438965299999381386,0.0030000000000000000624,0.0076845699999239513999,'reached',24,'step 24 was reached',NULL,'{}');
INSERT INTO evaluation VALUES(20,11,6,'search',0.23360656498410564685,0.23360656498410564685,6,0.12077959999999166029,0.0010000000000000000208,0.0060931420000542857451,'reached',6,'step 6 was reached',NULL,'{}');
CREATE TABLE score (
	pk INTEGER NOT NULL, 
	study INTEGER NOT NULL, 
	model TEXT NOT NULL, 
	run INTEGER, 
	step INTEGER NOT NULL, 
	split TEXT NOT NULL, 
	content TEXT NOT NULL, 
	seconds DOUBLE PRECISION NOT NULL, 
	PRIMARY KEY (pk), 
	FOREIGN KEY(study) REFERENCES study (pk), 
	FOREIGN KEY(run) REFERENCES run (pk)
);
INSERT INTO score VALUES(1,1,'embedded/s',NULL,0,'validation','{"mean":0.0,"greedy":0.5,"mean_stderr":0.01}',0.0076931500000227970303);
INSERT INTO score VALUES(2,1,'embedded/xs',NULL,0,'validation','{"mean":0.0,"greedy":0.5,"mean_stderr":0.01}',0.0079960400000800291309);
CREATE INDEX decision_of_study ON decision (study);
CREATE INDEX event_of_study ON event (study);
CREATE INDEX segment_of_run ON segment (run);
CREATE UNIQUE INDEX one_running_segment_a_run ON segment (run) WHERE state = 'running';
CREATE INDEX score_of_study ON score (study);
COMMIT;
