SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA rltune;
SET default_tablespace = '';
CREATE TABLE rltune.checkpoint (
    run bigint NOT NULL,
    step bigint NOT NULL,
    path text NOT NULL,
    bytes bigint NOT NULL,
    state character varying(20) NOT NULL,
    pinned boolean NOT NULL
);
CREATE TABLE rltune.configuration (
    pk bigint NOT NULL,
    study bigint NOT NULL,
    id character varying(20) NOT NULL,
    content text NOT NULL
);
CREATE SEQUENCE rltune.configuration_pk_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE rltune.configuration_pk_seq OWNED BY rltune.configuration.pk;
CREATE TABLE rltune.decision (
    pk bigint NOT NULL,
    study bigint NOT NULL,
    "time" double precision NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    reason text NOT NULL,
    content text NOT NULL
);
CREATE SEQUENCE rltune.decision_pk_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE rltune.decision_pk_seq OWNED BY rltune.decision.pk;
CREATE TABLE rltune.evaluation (
    pk bigint NOT NULL,
    run bigint NOT NULL,
    step bigint NOT NULL,
    phase character varying(20) NOT NULL,
    score double precision,
    last_score double precision,
    steps_trained bigint NOT NULL,
    train_seconds double precision NOT NULL,
    validate_seconds double precision NOT NULL,
    start_seconds double precision NOT NULL,
    stop_kind character varying(20) NOT NULL,
    stop_step bigint NOT NULL,
    stop_reason text NOT NULL,
    stop_rule text,
    stop_values text
);
CREATE SEQUENCE rltune.evaluation_pk_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE rltune.evaluation_pk_seq OWNED BY rltune.evaluation.pk;
CREATE TABLE rltune.event (
    pk bigint NOT NULL,
    study bigint NOT NULL,
    "time" double precision NOT NULL,
    level character varying(20) NOT NULL,
    message text NOT NULL
);
CREATE SEQUENCE rltune.event_pk_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE rltune.event_pk_seq OWNED BY rltune.event.pk;
CREATE TABLE rltune.fact (
    pk bigint NOT NULL,
    study bigint NOT NULL,
    name text NOT NULL,
    value text NOT NULL
);
CREATE SEQUENCE rltune.fact_pk_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE rltune.fact_pk_seq OWNED BY rltune.fact.pk;
CREATE TABLE rltune.metric (
    run bigint NOT NULL,
    step bigint NOT NULL,
    name text NOT NULL,
    value double precision NOT NULL
);
CREATE TABLE rltune.rltune_schema (
    version bigint NOT NULL
);
CREATE SEQUENCE rltune.rltune_schema_version_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE rltune.rltune_schema_version_seq OWNED BY rltune.rltune_schema.version;
CREATE TABLE rltune.run (
    pk bigint NOT NULL,
    study bigint NOT NULL,
    number bigint NOT NULL,
    id character varying(40) NOT NULL,
    configuration bigint NOT NULL,
    model text NOT NULL,
    seed bigint NOT NULL
);
CREATE SEQUENCE rltune.run_pk_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE rltune.run_pk_seq OWNED BY rltune.run.pk;
CREATE TABLE rltune.score (
    pk bigint NOT NULL,
    study bigint NOT NULL,
    model text NOT NULL,
    run bigint,
    step bigint NOT NULL,
    split text NOT NULL,
    content text NOT NULL,
    seconds double precision NOT NULL
);
CREATE SEQUENCE rltune.score_pk_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE rltune.score_pk_seq OWNED BY rltune.score.pk;
CREATE TABLE rltune.segment (
    pk bigint NOT NULL,
    run bigint NOT NULL,
    number bigint NOT NULL,
    id character varying(60) NOT NULL,
    from_step bigint NOT NULL,
    to_step bigint NOT NULL,
    phase character varying(20) NOT NULL,
    reason text NOT NULL,
    proposal_values text NOT NULL,
    state character varying(20) NOT NULL,
    folder text NOT NULL,
    pid bigint,
    pid_started double precision,
    started double precision NOT NULL,
    ended double precision,
    stop_kind character varying(20),
    stop_step bigint,
    stop_reason text,
    stop_rule text,
    stop_values text,
    train_seconds double precision NOT NULL,
    validate_seconds double precision NOT NULL,
    start_seconds double precision NOT NULL,
    retrained bigint NOT NULL,
    log_tail text NOT NULL,
    CONSTRAINT segment_check CHECK (((0 <= from_step) AND (from_step < to_step)))
);
CREATE SEQUENCE rltune.segment_pk_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE rltune.segment_pk_seq OWNED BY rltune.segment.pk;
CREATE TABLE rltune.study (
    pk bigint NOT NULL,
    name character varying(200) NOT NULL,
    state character varying(20) NOT NULL,
    phase text NOT NULL,
    config text NOT NULL,
    created double precision NOT NULL,
    seconds double precision NOT NULL
);
CREATE SEQUENCE rltune.study_pk_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE rltune.study_pk_seq OWNED BY rltune.study.pk;
ALTER TABLE ONLY rltune.configuration ALTER COLUMN pk SET DEFAULT nextval('rltune.configuration_pk_seq'::regclass);
ALTER TABLE ONLY rltune.decision ALTER COLUMN pk SET DEFAULT nextval('rltune.decision_pk_seq'::regclass);
ALTER TABLE ONLY rltune.evaluation ALTER COLUMN pk SET DEFAULT nextval('rltune.evaluation_pk_seq'::regclass);
ALTER TABLE ONLY rltune.event ALTER COLUMN pk SET DEFAULT nextval('rltune.event_pk_seq'::regclass);
ALTER TABLE ONLY rltune.fact ALTER COLUMN pk SET DEFAULT nextval('rltune.fact_pk_seq'::regclass);
ALTER TABLE ONLY rltune.rltune_schema ALTER COLUMN version SET DEFAULT nextval('rltune.rltune_schema_version_seq'::regclass);
ALTER TABLE ONLY rltune.run ALTER COLUMN pk SET DEFAULT nextval('rltune.run_pk_seq'::regclass);
ALTER TABLE ONLY rltune.score ALTER COLUMN pk SET DEFAULT nextval('rltune.score_pk_seq'::regclass);
ALTER TABLE ONLY rltune.segment ALTER COLUMN pk SET DEFAULT nextval('rltune.segment_pk_seq'::regclass);
ALTER TABLE ONLY rltune.study ALTER COLUMN pk SET DEFAULT nextval('rltune.study_pk_seq'::regclass);
INSERT INTO rltune.checkpoint VALUES (1, 21, '/srv/studies/first/runs/0001-embedded-xs-s0-aa5834fbd4/checkpoints/step-000021', 77, 'complete', false);
INSERT INTO rltune.checkpoint VALUES (1, 24, '/srv/studies/first/runs/0001-embedded-xs-s0-aa5834fbd4/checkpoints/step-000024', 77, 'complete', false);
INSERT INTO rltune.checkpoint VALUES (2, 9, '/srv/studies/first/runs/0002-embedded-xs-s0-2a6025d5e1/checkpoints/step-000009', 77, 'deleted', false);
INSERT INTO rltune.checkpoint VALUES (2, 12, '/srv/studies/first/runs/0002-embedded-xs-s0-2a6025d5e1/checkpoints/step-000012', 77, 'deleted', false);
INSERT INTO rltune.checkpoint VALUES (3, 21, '/srv/studies/first/runs/0003-embedded-xs-s0-a545463d1d/checkpoints/step-000021', 77, 'complete', false);
INSERT INTO rltune.checkpoint VALUES (3, 24, '/srv/studies/first/runs/0003-embedded-xs-s0-a545463d1d/checkpoints/step-000024', 77, 'complete', false);
INSERT INTO rltune.checkpoint VALUES (4, 21, '/srv/studies/first/runs/0004-embedded-xs-s0-dbbd776cc9/checkpoints/step-000021', 77, 'complete', false);
INSERT INTO rltune.checkpoint VALUES (4, 24, '/srv/studies/first/runs/0004-embedded-xs-s0-dbbd776cc9/checkpoints/step-000024', 77, 'complete', false);
INSERT INTO rltune.checkpoint VALUES (5, 21, '/srv/studies/first/runs/0005-embedded-xs-s0-9315e26cb0/checkpoints/step-000021', 77, 'complete', false);
INSERT INTO rltune.checkpoint VALUES (5, 24, '/srv/studies/first/runs/0005-embedded-xs-s0-9315e26cb0/checkpoints/step-000024', 77, 'complete', false);
INSERT INTO rltune.checkpoint VALUES (6, 9, '/srv/studies/first/runs/0006-embedded-xs-s0-eb78b6c590/checkpoints/step-000009', 77, 'deleted', false);
INSERT INTO rltune.checkpoint VALUES (6, 11, '/srv/studies/first/runs/0006-embedded-xs-s0-eb78b6c590/checkpoints/step-000011', 77, 'deleted', false);
INSERT INTO rltune.configuration VALUES (1, 1, 'aa5834fbd4', '{"learning_rate":2.8e-05}');
INSERT INTO rltune.configuration VALUES (2, 1, '2a6025d5e1', '{"learning_rate":0.003801}');
INSERT INTO rltune.configuration VALUES (3, 1, 'a545463d1d', '{"learning_rate":4.45e-05}');
INSERT INTO rltune.configuration VALUES (4, 1, 'dbbd776cc9', '{"learning_rate":0.0001855}');
INSERT INTO rltune.configuration VALUES (5, 1, '9315e26cb0', '{"learning_rate":4.95e-05}');
INSERT INTO rltune.configuration VALUES (6, 1, 'eb78b6c590', '{"learning_rate":0.0003077}');
INSERT INTO rltune.configuration VALUES (7, 1, '2bbc5cdcc9', '{"learning_rate":2.773e-05}');
INSERT INTO rltune.decision VALUES (1, 1, 1795290414.152275, 'proposal', 'r0001', 'the recipe', '{"segment":"r0001-s1","configuration":"aa5834fbd4","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (2, 1, 1795290416.2173328, 'proposal', 'r0002', 'drawn at random', '{"segment":"r0002-s1","configuration":"2a6025d5e1","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (3, 1, 1795290417.4207435, 'stop', 'r0002', 'the forecast for step 24 is 0.0325, with 95% probability below 0.0679; another run already has 0.919', '{"forecast":0.03253723811769827,"upper":0.06794159817694094,"best":0.9190059530123358,"bar":0.5523727258228809,"streak":3.0,"rule":"futility","step":12,"segment":"r0002-s1"}');
INSERT INTO rltune.decision VALUES (4, 1, 1795290417.7304187, 'proposal', 'r0003', 'drawn at random', '{"segment":"r0003-s1","configuration":"a545463d1d","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (5, 1, 1795290430.0561113, 'proposal', 'r0004', 'drawn at random', '{"segment":"r0004-s1","configuration":"dbbd776cc9","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (6, 1, 1795290433.5632734, 'proposal', 'r0005', 'drawn at random', '{"segment":"r0005-s1","configuration":"9315e26cb0","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (7, 1, 1795290436.6390598, 'proposal', 'r0006', 'drawn at random', '{"segment":"r0006-s1","configuration":"eb78b6c590","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (8, 1, 1795290439.644004, 'stop', 'r0006', 'the forecast for step 24 is 0.421, with 95% probability below 0.546; another run already has 0.979', '{"forecast":0.4212421593707775,"upper":0.5460376411297746,"best":0.9791480122249596,"bar":0.6053706952145954,"streak":3.0,"rule":"futility","step":11,"segment":"r0006-s1"}');
INSERT INTO rltune.decision VALUES (9, 1, 1795290440.6741614, 'proposal', 'r0007', 'drawn at random', '{"segment":"r0007-s1","configuration":"2bbc5cdcc9","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.evaluation VALUES (1, 1, 6, 'search', 0.23463981779038362, NULL, 6, 0.3028809699899284, 0.001, 0.018670416000531986, 'reached', 6, 'passed step 6 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (2, 1, 12, 'search', 0.46927963558076724, NULL, 12, 0.6042885909846518, 0.002, 0.018670416000531986, 'reached', 12, 'passed step 12 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (3, 1, 24, 'search', 0.9385592711615345, 0.9385592711615345, 24, 1.2341886310023256, 0.003, 0.018670416000531986, 'reached', 24, 'step 24 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (4, 2, 6, 'search', 0.007268655116095599, NULL, 6, 0.301867640009732, 0.001, 0.08147473399003502, 'reached', 6, 'passed step 6 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (5, 2, 12, 'search', 0.014537310232191198, NULL, 12, 0.612190407977323, 0.002, 0.08147473399003502, 'reached', 12, 'passed step 12 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (6, 2, 24, 'search', NULL, 0.014537310232191198, 12, 0.612190407977323, 0.002, 0.08147473399003502, 'futile', 12, 'the forecast for step 24 is 0.0325, with 95% probability below 0.0679; another run already has 0.919', 'futility', '{"forecast":0.03253723811769827,"upper":0.06794159817694094,"best":0.9190059530123358,"bar":0.5523727258228809,"streak":3.0}');
INSERT INTO rltune.evaluation VALUES (7, 3, 6, 'search', 0.24936047652137153, NULL, 6, 0.366295256986632, 0.001, 0.027782161996583454, 'reached', 6, 'passed step 6 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (8, 3, 12, 'search', 0.49872095304274305, NULL, 12, 1.0131043079891242, 0.002, 0.027782161996583454, 'reached', 12, 'passed step 12 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (9, 3, 24, 'search', 0.9974419060854861, 0.9974419060854861, 24, 1.9385487349936739, 0.003, 0.027782161996583454, 'reached', 24, 'step 24 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (10, 4, 6, 'search', 0.1807788152696832, NULL, 6, 0.30191100599768106, 0.001, 0.15818968700477853, 'reached', 6, 'passed step 6 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (11, 4, 12, 'search', 0.3615576305393664, NULL, 12, 0.6075097799766809, 0.002, 0.15818968700477853, 'reached', 12, 'passed step 12 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (12, 4, 24, 'search', 0.7231152610787328, 0.7231152610787328, 24, 1.2259347119543236, 0.003, 0.15818968700477853, 'reached', 24, 'step 24 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (13, 5, 6, 'search', 0.24999523716381947, NULL, 6, 0.49632204801309854, 0.001, 0.16819781799858902, 'reached', 6, 'passed step 6 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (14, 5, 12, 'search', 0.49999047432763893, NULL, 12, 0.8328899170301156, 0.002, 0.16819781799858902, 'reached', 12, 'passed step 12 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (15, 5, 24, 'search', 0.9999809486552779, 0.9999809486552779, 24, 1.4775395700562513, 0.003, 0.16819781799858902, 'reached', 24, 'step 24 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (16, 6, 6, 'search', 0.13411415909714722, NULL, 6, 0.4126404710114002, 0.001, 0.06233005301328376, 'reached', 6, 'passed step 6 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (17, 6, 24, 'search', NULL, 0.13411415909714722, 11, 0.6739024730195524, 0.001, 0.06233005301328376, 'futile', 11, 'the forecast for step 24 is 0.421, with 95% probability below 0.546; another run already has 0.979', 'futility', '{"forecast":0.4212421593707775,"upper":0.5460376411297746,"best":0.9791480122249596,"bar":0.6053706952145954,"streak":3.0}');
INSERT INTO rltune.event VALUES (1, 1, 1795290416.1362767, 'warning', 'the stopping rule entropy_collapse abstains: entropy is not reported');
INSERT INTO rltune.event VALUES (2, 1, 1795290416.1416132, 'warning', 'the stopping rule entropy_explosion abstains: entropy is not reported');
INSERT INTO rltune.event VALUES (3, 1, 1795290416.1436145, 'warning', 'the stopping rule length_runaway abstains: response_length is not reported');
INSERT INTO rltune.event VALUES (4, 1, 1795290416.1474025, 'warning', 'the stopping rule grad_explosion abstains: grad_norm is not reported');
INSERT INTO rltune.fact VALUES (1, 1, 'recipe', '{"configuration":{"learning_rate":2.8e-05},"id":"aa5834fbd4","name":"embedded-grpo"}');
INSERT INTO rltune.fact VALUES (2, 1, 'models', '{"embedded/s":{"parameters":795520,"hidden_size":128,"learning_rate_factor":1.0},"embedded/xs":{"parameters":135296,"hidden_size":64,"learning_rate_factor":2.0}}');
INSERT INTO rltune.fact VALUES (3, 1, 'target', '"embedded/s"');
INSERT INTO rltune.fact VALUES (4, 1, 'rungs', '[6,12,24]');
INSERT INTO rltune.fact VALUES (5, 1, 'fixed', '{"prompts_per_step":32,"updates_per_step":4,"temperature":1.0,"warmup_steps":0,"lr_scheduler":"constant","clip_ratio":0.2,"grad_clip":1.0,"kl_coef":0.001,"rollouts":5,"step_time":0.05}');
INSERT INTO rltune.fact VALUES (6, 1, 'max_response_length', '8');
INSERT INTO rltune.fact VALUES (7, 1, 'space', '{"learning_rate":{"when":{},"type":"float","low":1e-06,"high":0.01,"log":true}}');
INSERT INTO rltune.fact VALUES (8, 1, 'constraints', '[]');
INSERT INTO rltune.fact VALUES (9, 1, 'elsewhere', '{}');
INSERT INTO rltune.fact VALUES (10, 1, 'versions', '{"rltune":"0.1.0","python":"3.11.7","torch":"2.13.0+cpu","trl":"1.16.0","transformers":"5.23.0"}');
INSERT INTO rltune.fact VALUES (14, 1, 'memory', '{"embedded/s":{"level":0,"settings":"level 0"},"embedded/xs":{"level":0,"settings":"level 0"}}');
INSERT INTO rltune.fact VALUES (15, 1, 'timings', '{"embedded/s":{"step_seconds":0.050194356008432806,"validate_seconds":0.001,"start_seconds":0.13730108800518792,"checkpoint_bytes":77},"embedded/xs":{"step_seconds":0.05034201199305244,"validate_seconds":0.001,"start_seconds":0.04437056199822109,"checkpoint_bytes":77}}');
INSERT INTO rltune.fact VALUES (20, 1, 'plan', '{"budget":600.0,"search_seconds":540.0,"slots":1,"timings":{"embedded/s":{"step_seconds":0.050194356008432806,"validate_seconds":0.001,"start_seconds":0.13730108800518792,"checkpoint_bytes":77},"embedded/xs":{"step_seconds":0.05034201199305244,"validate_seconds":0.001,"start_seconds":0.04437056199822109,"checkpoint_bytes":77}},"trial_seconds":{"embedded/s":{"6":0.43946722405578476,"12":0.7416333601063816,"24":1.3449656322075751},"embedded/xs":{"6":0.3474226339565357,"12":0.6504747059148503,"24":1.2555788498314795}},"full_target_seconds":1.3449656322075751,"search_trials":8,"capped":true,"after":{"confirm":2,"seeds":2,"seconds":9.418759425453025,"fits":true},"asked_confirm":2,"asked_seeds":2,"search_models":["embedded/xs"],"search_steps":[24],"asked_runs":null,"asked_design":null,"needed":5.49536002315141,"hours":{"prepare":{"embedded/s":0.00011866256778768729,"embedded/xs":6.715754443766653e-05},"search":{"embedded/xs":0.0027901752218477322},"confirm":{"embedded/s":0.0011208046935063125},"final":{"embedded/s":0.001494406258008417},"test":{"embedded/s":0.00015366787556131992}},"unit":"trial-hours","disk":{"sizes":{"embedded/s":77,"embedded/xs":77},"measured":["embedded/s","embedded/xs"],"runs":{"embedded/s":11,"embedded/xs":8},"most":3157,"free":41178279936},"guessed":false,"warnings":[]}');
INSERT INTO rltune.fact VALUES (11, 1, 'begun', '["prepare","search"]');
INSERT INTO rltune.fact VALUES (24, 1, 'abstained', '{"entropy_collapse":"abstains: entropy is not reported","entropy_explosion":"abstains: entropy is not reported","length_runaway":"abstains: response_length is not reported","grad_explosion":"abstains: grad_norm is not reported"}');
INSERT INTO rltune.fact VALUES (12, 1, 'seconds_by_phase', '{"prepare":3.6801726179983234,"search":26.50554475300305}');
INSERT INTO rltune.fact VALUES (13, 1, 'ask_seconds', '0.2306492000061553');
INSERT INTO rltune.metric VALUES (3, 1, 'reward', 0.04156007942022859);
INSERT INTO rltune.metric VALUES (3, 1, 'kl', 0.8085145342183566);
INSERT INTO rltune.metric VALUES (3, 1, 'step_seconds', 0.05353891200502403);
INSERT INTO rltune.metric VALUES (3, 2, 'reward', 0.08312015884045718);
INSERT INTO rltune.metric VALUES (3, 2, 'kl', 0.8199435416189822);
INSERT INTO rltune.metric VALUES (3, 2, 'step_seconds', 0.0517727139958879);
INSERT INTO rltune.metric VALUES (3, 3, 'reward', 0.12468023826068576);
INSERT INTO rltune.metric VALUES (3, 3, 'kl', 0.06016632333867399);
INSERT INTO rltune.metric VALUES (3, 3, 'step_seconds', 0.050136157995439135);
INSERT INTO rltune.metric VALUES (3, 4, 'reward', 0.16624031768091435);
INSERT INTO rltune.metric VALUES (3, 4, 'kl', 0.5752040894178683);
INSERT INTO rltune.metric VALUES (3, 4, 'step_seconds', 0.08293325400154572);
INSERT INTO rltune.metric VALUES (3, 5, 'reward', 0.20780039710114295);
INSERT INTO rltune.metric VALUES (3, 5, 'kl', 0.9443961242084382);
INSERT INTO rltune.metric VALUES (3, 5, 'step_seconds', 0.05307318099949043);
INSERT INTO rltune.metric VALUES (3, 6, 'reward', 0.24936047652137153);
INSERT INTO rltune.metric VALUES (3, 6, 'kl', 0.5696040283817807);
INSERT INTO rltune.metric VALUES (3, 6, 'step_seconds', 0.0748410379892448);
INSERT INTO rltune.metric VALUES (3, 6, 'score/mean', 0.24936047652137153);
INSERT INTO rltune.metric VALUES (3, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (3, 7, 'reward', 0.29092055594160016);
INSERT INTO rltune.metric VALUES (3, 7, 'kl', 0.959288929579614);
INSERT INTO rltune.metric VALUES (3, 7, 'step_seconds', 0.0812037300056545);
INSERT INTO rltune.metric VALUES (3, 8, 'reward', 0.3324806353618287);
INSERT INTO rltune.metric VALUES (3, 8, 'kl', 0.08455024032959488);
INSERT INTO rltune.metric VALUES (3, 8, 'step_seconds', 0.05019441599142738);
INSERT INTO rltune.metric VALUES (3, 9, 'reward', 0.3740407147820573);
INSERT INTO rltune.metric VALUES (3, 9, 'kl', 0.8933241779201954);
INSERT INTO rltune.metric VALUES (3, 9, 'step_seconds', 0.05018505199404899);
INSERT INTO rltune.metric VALUES (3, 10, 'reward', 0.4156007942022859);
INSERT INTO rltune.metric VALUES (3, 10, 'kl', 0.800656137941558);
INSERT INTO rltune.metric VALUES (3, 10, 'step_seconds', 0.05015912100498099);
INSERT INTO rltune.metric VALUES (3, 11, 'reward', 0.45716087362251445);
INSERT INTO rltune.metric VALUES (3, 11, 'kl', 0.698466468299382);
INSERT INTO rltune.metric VALUES (3, 11, 'step_seconds', 0.3030413300002692);
INSERT INTO rltune.metric VALUES (3, 12, 'reward', 0.49872095304274305);
INSERT INTO rltune.metric VALUES (3, 12, 'kl', 0.16690318150606545);
INSERT INTO rltune.metric VALUES (3, 12, 'step_seconds', 0.11202540200611111);
INSERT INTO rltune.metric VALUES (3, 12, 'score/mean', 0.49872095304274305);
INSERT INTO rltune.metric VALUES (3, 12, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (3, 13, 'reward', 0.5402810324629717);
INSERT INTO rltune.metric VALUES (3, 13, 'kl', 0.0733806363012131);
INSERT INTO rltune.metric VALUES (3, 13, 'step_seconds', 0.2623230519966455);
INSERT INTO rltune.metric VALUES (3, 14, 'reward', 0.5818411118832003);
INSERT INTO rltune.metric VALUES (3, 14, 'kl', 0.985931181811246);
INSERT INTO rltune.metric VALUES (3, 14, 'step_seconds', 0.09668044200225268);
INSERT INTO rltune.metric VALUES (1, 1, 'reward', 0.039106636298397265);
INSERT INTO rltune.metric VALUES (1, 1, 'kl', 0.6660257877470054);
INSERT INTO rltune.metric VALUES (1, 1, 'step_seconds', 0.05065696498786565);
INSERT INTO rltune.metric VALUES (1, 2, 'reward', 0.07821327259679453);
INSERT INTO rltune.metric VALUES (1, 2, 'kl', 0.4562142366674296);
INSERT INTO rltune.metric VALUES (1, 2, 'step_seconds', 0.050200133002363145);
INSERT INTO rltune.metric VALUES (1, 3, 'reward', 0.11731990889519181);
INSERT INTO rltune.metric VALUES (1, 3, 'kl', 0.5171892881666286);
INSERT INTO rltune.metric VALUES (1, 3, 'step_seconds', 0.05019756400724873);
INSERT INTO rltune.metric VALUES (1, 4, 'reward', 0.15642654519358906);
INSERT INTO rltune.metric VALUES (1, 4, 'kl', 0.5489127946898604);
INSERT INTO rltune.metric VALUES (1, 4, 'step_seconds', 0.05024103799951263);
INSERT INTO rltune.metric VALUES (1, 5, 'reward', 0.19553318149198637);
INSERT INTO rltune.metric VALUES (1, 5, 'kl', 0.01185626001373312);
INSERT INTO rltune.metric VALUES (1, 5, 'step_seconds', 0.05018386799201835);
INSERT INTO rltune.metric VALUES (1, 6, 'reward', 0.23463981779038362);
INSERT INTO rltune.metric VALUES (1, 6, 'kl', 0.45468833447775997);
INSERT INTO rltune.metric VALUES (1, 6, 'step_seconds', 0.051401402000919916);
INSERT INTO rltune.metric VALUES (1, 6, 'score/mean', 0.23463981779038362);
INSERT INTO rltune.metric VALUES (1, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (1, 7, 'reward', 0.2737464540887809);
INSERT INTO rltune.metric VALUES (1, 7, 'kl', 0.9042343785763333);
INSERT INTO rltune.metric VALUES (1, 7, 'step_seconds', 0.050211074005346745);
INSERT INTO rltune.metric VALUES (1, 8, 'reward', 0.3128530903871781);
INSERT INTO rltune.metric VALUES (1, 8, 'kl', 0.3146105134660868);
INSERT INTO rltune.metric VALUES (1, 8, 'step_seconds', 0.05026689398800954);
INSERT INTO rltune.metric VALUES (1, 9, 'reward', 0.3519597266855754);
INSERT INTO rltune.metric VALUES (1, 9, 'kl', 0.2490272373540856);
INSERT INTO rltune.metric VALUES (1, 9, 'step_seconds', 0.05019570900185499);
INSERT INTO rltune.metric VALUES (1, 10, 'reward', 0.39106636298397274);
INSERT INTO rltune.metric VALUES (1, 10, 'kl', 0.7804531929503319);
INSERT INTO rltune.metric VALUES (1, 10, 'step_seconds', 0.050200364988995716);
INSERT INTO rltune.metric VALUES (1, 11, 'reward', 0.43017299928236996);
INSERT INTO rltune.metric VALUES (1, 11, 'kl', 0.9696498054474708);
INSERT INTO rltune.metric VALUES (1, 11, 'step_seconds', 0.050225317012518644);
INSERT INTO rltune.metric VALUES (1, 12, 'reward', 0.46927963558076724);
INSERT INTO rltune.metric VALUES (1, 12, 'kl', 0.33679713130388345);
INSERT INTO rltune.metric VALUES (1, 12, 'step_seconds', 0.05030826199799776);
INSERT INTO rltune.metric VALUES (1, 12, 'score/mean', 0.46927963558076724);
INSERT INTO rltune.metric VALUES (1, 12, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (1, 13, 'reward', 0.5083862718791645);
INSERT INTO rltune.metric VALUES (1, 13, 'kl', 0.34312962539101244);
INSERT INTO rltune.metric VALUES (1, 13, 'step_seconds', 0.05019709499902092);
INSERT INTO rltune.metric VALUES (1, 14, 'reward', 0.5474929081775618);
INSERT INTO rltune.metric VALUES (1, 14, 'kl', 0.5878690775921264);
INSERT INTO rltune.metric VALUES (1, 14, 'step_seconds', 0.06666981900343671);
INSERT INTO rltune.metric VALUES (1, 15, 'reward', 0.5865995444759591);
INSERT INTO rltune.metric VALUES (1, 15, 'kl', 0.7111772335393302);
INSERT INTO rltune.metric VALUES (1, 15, 'step_seconds', 0.051574673008872196);
INSERT INTO rltune.metric VALUES (1, 16, 'reward', 0.6257061807743562);
INSERT INTO rltune.metric VALUES (1, 16, 'kl', 0.9087663080796521);
INSERT INTO rltune.metric VALUES (1, 16, 'step_seconds', 0.05040701701364014);
INSERT INTO rltune.metric VALUES (1, 17, 'reward', 0.6648128170727536);
INSERT INTO rltune.metric VALUES (1, 17, 'kl', 0.053025101091020065);
INSERT INTO rltune.metric VALUES (1, 17, 'step_seconds', 0.05025225901044905);
INSERT INTO rltune.metric VALUES (1, 18, 'reward', 0.7039194533711508);
INSERT INTO rltune.metric VALUES (1, 18, 'kl', 0.7920805676356145);
INSERT INTO rltune.metric VALUES (1, 18, 'step_seconds', 0.051087595988065004);
INSERT INTO rltune.metric VALUES (1, 19, 'reward', 0.7430260896695481);
INSERT INTO rltune.metric VALUES (1, 19, 'kl', 0.2876783398184176);
INSERT INTO rltune.metric VALUES (1, 19, 'step_seconds', 0.050217233001603745);
INSERT INTO rltune.metric VALUES (1, 20, 'reward', 0.7821327259679455);
INSERT INTO rltune.metric VALUES (1, 20, 'kl', 0.12344548714427406);
INSERT INTO rltune.metric VALUES (1, 20, 'step_seconds', 0.05019597499631345);
INSERT INTO rltune.metric VALUES (1, 21, 'reward', 0.8212393622663426);
INSERT INTO rltune.metric VALUES (1, 21, 'kl', 0.7943846799420157);
INSERT INTO rltune.metric VALUES (1, 21, 'step_seconds', 0.05020306500955485);
INSERT INTO rltune.metric VALUES (1, 22, 'reward', 0.8603459985647399);
INSERT INTO rltune.metric VALUES (1, 22, 'kl', 0.8409704737926299);
INSERT INTO rltune.metric VALUES (1, 22, 'step_seconds', 0.05837001399777364);
INSERT INTO rltune.metric VALUES (1, 23, 'reward', 0.8994526348631372);
INSERT INTO rltune.metric VALUES (1, 23, 'kl', 0.2934767681391623);
INSERT INTO rltune.metric VALUES (1, 23, 'step_seconds', 0.05023013599566184);
INSERT INTO rltune.metric VALUES (1, 24, 'reward', 0.9385592711615345);
INSERT INTO rltune.metric VALUES (1, 24, 'kl', 0.39421683070115204);
INSERT INTO rltune.metric VALUES (1, 24, 'step_seconds', 0.05049515799328219);
INSERT INTO rltune.metric VALUES (1, 24, 'score/mean', 0.9385592711615345);
INSERT INTO rltune.metric VALUES (1, 24, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (3, 15, 'reward', 0.6234011913034289);
INSERT INTO rltune.metric VALUES (3, 15, 'kl', 0.3176317998016327);
INSERT INTO rltune.metric VALUES (3, 15, 'step_seconds', 0.1088410280062817);
INSERT INTO rltune.metric VALUES (3, 16, 'reward', 0.6649612707236574);
INSERT INTO rltune.metric VALUES (3, 16, 'kl', 0.31740291447318225);
INSERT INTO rltune.metric VALUES (3, 16, 'step_seconds', 0.050701909000054);
INSERT INTO rltune.metric VALUES (3, 17, 'reward', 0.7065213501438861);
INSERT INTO rltune.metric VALUES (3, 17, 'kl', 0.9219043259327078);
INSERT INTO rltune.metric VALUES (3, 17, 'step_seconds', 0.05030199099564925);
INSERT INTO rltune.metric VALUES (3, 18, 'reward', 0.7480814295641146);
INSERT INTO rltune.metric VALUES (3, 18, 'kl', 0.9024643320363165);
INSERT INTO rltune.metric VALUES (3, 18, 'step_seconds', 0.0513786009978503);
INSERT INTO rltune.metric VALUES (3, 19, 'reward', 0.7896415089843432);
INSERT INTO rltune.metric VALUES (3, 19, 'kl', 0.6300602731364919);
INSERT INTO rltune.metric VALUES (3, 19, 'step_seconds', 0.050218104996019974);
INSERT INTO rltune.metric VALUES (3, 20, 'reward', 0.8312015884045718);
INSERT INTO rltune.metric VALUES (3, 20, 'kl', 0.5502861066605631);
INSERT INTO rltune.metric VALUES (3, 20, 'step_seconds', 0.05160587599675637);
INSERT INTO rltune.metric VALUES (3, 21, 'reward', 0.8727616678248004);
INSERT INTO rltune.metric VALUES (3, 21, 'kl', 0.7944457160296025);
INSERT INTO rltune.metric VALUES (3, 21, 'step_seconds', 0.0513711189996684);
INSERT INTO rltune.metric VALUES (3, 22, 'reward', 0.9143217472450289);
INSERT INTO rltune.metric VALUES (3, 22, 'kl', 0.6362096589608606);
INSERT INTO rltune.metric VALUES (3, 22, 'step_seconds', 0.050721504012471996);
INSERT INTO rltune.metric VALUES (3, 23, 'reward', 0.9558818266652576);
INSERT INTO rltune.metric VALUES (3, 23, 'kl', 0.6824750133516442);
INSERT INTO rltune.metric VALUES (3, 23, 'step_seconds', 0.050683310997555964);
INSERT INTO rltune.metric VALUES (3, 24, 'reward', 0.9974419060854861);
INSERT INTO rltune.metric VALUES (3, 24, 'kl', 0.5482719157701992);
INSERT INTO rltune.metric VALUES (3, 24, 'step_seconds', 0.05061748900334351);
INSERT INTO rltune.metric VALUES (3, 24, 'score/mean', 0.9974419060854861);
INSERT INTO rltune.metric VALUES (3, 24, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (2, 1, 'reward', 0.0012114425193492664);
INSERT INTO rltune.metric VALUES (2, 1, 'kl', 0.9116655222400244);
INSERT INTO rltune.metric VALUES (2, 1, 'step_seconds', 0.05071617700741626);
INSERT INTO rltune.metric VALUES (2, 2, 'reward', 0.0024228850386985327);
INSERT INTO rltune.metric VALUES (2, 2, 'kl', 0.00022888532845044633);
INSERT INTO rltune.metric VALUES (2, 2, 'step_seconds', 0.05015770299360156);
INSERT INTO rltune.metric VALUES (2, 3, 'reward', 0.0036343275580477995);
INSERT INTO rltune.metric VALUES (2, 3, 'kl', 0.06799420157167925);
INSERT INTO rltune.metric VALUES (2, 3, 'step_seconds', 0.05017888400470838);
INSERT INTO rltune.metric VALUES (2, 4, 'reward', 0.004845770077397065);
INSERT INTO rltune.metric VALUES (2, 4, 'kl', 0.7104600595101854);
INSERT INTO rltune.metric VALUES (2, 4, 'step_seconds', 0.05046082800254226);
INSERT INTO rltune.metric VALUES (2, 5, 'reward', 0.006057212596746333);
INSERT INTO rltune.metric VALUES (2, 5, 'kl', 0.8942397192339971);
INSERT INTO rltune.metric VALUES (2, 5, 'step_seconds', 0.05016439000610262);
INSERT INTO rltune.metric VALUES (2, 6, 'reward', 0.007268655116095599);
INSERT INTO rltune.metric VALUES (2, 6, 'kl', 0.7575494010833905);
INSERT INTO rltune.metric VALUES (2, 6, 'step_seconds', 0.0501896579953609);
INSERT INTO rltune.metric VALUES (2, 6, 'score/mean', 0.007268655116095599);
INSERT INTO rltune.metric VALUES (2, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (2, 7, 'reward', 0.008480097635444866);
INSERT INTO rltune.metric VALUES (2, 7, 'kl', 0.8888990615701533);
INSERT INTO rltune.metric VALUES (2, 7, 'step_seconds', 0.05022369200014509);
INSERT INTO rltune.metric VALUES (2, 8, 'reward', 0.00969154015479413);
INSERT INTO rltune.metric VALUES (2, 8, 'kl', 0.3432364385442893);
INSERT INTO rltune.metric VALUES (2, 8, 'step_seconds', 0.050442756997654215);
INSERT INTO rltune.metric VALUES (2, 9, 'reward', 0.0109029826741434);
INSERT INTO rltune.metric VALUES (2, 9, 'kl', 0.7785458152132448);
INSERT INTO rltune.metric VALUES (2, 9, 'step_seconds', 0.05380083399359137);
INSERT INTO rltune.metric VALUES (2, 10, 'reward', 0.012114425193492666);
INSERT INTO rltune.metric VALUES (2, 10, 'kl', 0.46800946059357595);
INSERT INTO rltune.metric VALUES (2, 10, 'step_seconds', 0.05017880498780869);
INSERT INTO rltune.metric VALUES (2, 11, 'reward', 0.013325867712841931);
INSERT INTO rltune.metric VALUES (2, 11, 'kl', 0.625482566567483);
INSERT INTO rltune.metric VALUES (2, 11, 'step_seconds', 0.05166064600052778);
INSERT INTO rltune.metric VALUES (2, 12, 'reward', 0.014537310232191198);
INSERT INTO rltune.metric VALUES (2, 12, 'kl', 0.6474708171206226);
INSERT INTO rltune.metric VALUES (2, 12, 'step_seconds', 0.05401603398786392);
INSERT INTO rltune.metric VALUES (2, 12, 'score/mean', 0.014537310232191198);
INSERT INTO rltune.metric VALUES (2, 12, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (4, 1, 'reward', 0.0301298025449472);
INSERT INTO rltune.metric VALUES (4, 1, 'kl', 0.8679179064621958);
INSERT INTO rltune.metric VALUES (4, 1, 'step_seconds', 0.050478691002354026);
INSERT INTO rltune.metric VALUES (4, 2, 'reward', 0.0602596050898944);
INSERT INTO rltune.metric VALUES (4, 2, 'kl', 0.6606088349736782);
INSERT INTO rltune.metric VALUES (4, 2, 'step_seconds', 0.050191203990834765);
INSERT INTO rltune.metric VALUES (4, 3, 'reward', 0.0903894076348416);
INSERT INTO rltune.metric VALUES (4, 3, 'kl', 0.5643396658274205);
INSERT INTO rltune.metric VALUES (4, 3, 'step_seconds', 0.05047995499626268);
INSERT INTO rltune.metric VALUES (4, 4, 'reward', 0.1205192101797888);
INSERT INTO rltune.metric VALUES (4, 4, 'kl', 0.7812619211108568);
INSERT INTO rltune.metric VALUES (4, 4, 'step_seconds', 0.05019812300452031);
INSERT INTO rltune.metric VALUES (4, 5, 'reward', 0.15064901272473602);
INSERT INTO rltune.metric VALUES (4, 5, 'kl', 0.38173495078965436);
INSERT INTO rltune.metric VALUES (4, 5, 'step_seconds', 0.050171527997008525);
INSERT INTO rltune.metric VALUES (4, 6, 'reward', 0.1807788152696832);
INSERT INTO rltune.metric VALUES (4, 6, 'kl', 0.10597390707255665);
INSERT INTO rltune.metric VALUES (4, 6, 'step_seconds', 0.050391505006700754);
INSERT INTO rltune.metric VALUES (4, 6, 'score/mean', 0.1807788152696832);
INSERT INTO rltune.metric VALUES (4, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (4, 7, 'reward', 0.2109086178146304);
INSERT INTO rltune.metric VALUES (4, 7, 'kl', 0.8879835202563515);
INSERT INTO rltune.metric VALUES (4, 7, 'step_seconds', 0.050208706001285464);
INSERT INTO rltune.metric VALUES (4, 8, 'reward', 0.2410384203595776);
INSERT INTO rltune.metric VALUES (4, 8, 'kl', 0.31749446860456243);
INSERT INTO rltune.metric VALUES (4, 8, 'step_seconds', 0.050194544994155876);
INSERT INTO rltune.metric VALUES (4, 9, 'reward', 0.2711682229045248);
INSERT INTO rltune.metric VALUES (4, 9, 'kl', 0.322041657129778);
INSERT INTO rltune.metric VALUES (4, 9, 'step_seconds', 0.052094296988798305);
INSERT INTO rltune.metric VALUES (4, 10, 'reward', 0.30129802544947204);
INSERT INTO rltune.metric VALUES (4, 10, 'kl', 0.4016632333867399);
INSERT INTO rltune.metric VALUES (4, 10, 'step_seconds', 0.05130342200573068);
INSERT INTO rltune.metric VALUES (4, 11, 'reward', 0.33142782799441917);
INSERT INTO rltune.metric VALUES (4, 11, 'kl', 0.7609369039444571);
INSERT INTO rltune.metric VALUES (4, 11, 'step_seconds', 0.05116998599260114);
INSERT INTO rltune.metric VALUES (4, 12, 'reward', 0.3615576305393664);
INSERT INTO rltune.metric VALUES (4, 12, 'kl', 0.8424658579385061);
INSERT INTO rltune.metric VALUES (4, 12, 'step_seconds', 0.05062781799642835);
INSERT INTO rltune.metric VALUES (4, 12, 'score/mean', 0.3615576305393664);
INSERT INTO rltune.metric VALUES (4, 12, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (4, 13, 'reward', 0.3916874330843136);
INSERT INTO rltune.metric VALUES (4, 13, 'kl', 0.1301289387350271);
INSERT INTO rltune.metric VALUES (4, 13, 'step_seconds', 0.0515148760023294);
INSERT INTO rltune.metric VALUES (4, 14, 'reward', 0.4218172356292608);
INSERT INTO rltune.metric VALUES (4, 14, 'kl', 0.46205844205386437);
INSERT INTO rltune.metric VALUES (4, 14, 'step_seconds', 0.05212458698952105);
INSERT INTO rltune.metric VALUES (4, 15, 'reward', 0.451947038174208);
INSERT INTO rltune.metric VALUES (4, 15, 'kl', 0.656046387426566);
INSERT INTO rltune.metric VALUES (4, 15, 'step_seconds', 0.0550971319898963);
INSERT INTO rltune.metric VALUES (4, 16, 'reward', 0.4820768407191552);
INSERT INTO rltune.metric VALUES (4, 16, 'kl', 0.532494087129015);
INSERT INTO rltune.metric VALUES (4, 16, 'step_seconds', 0.050196330004837364);
INSERT INTO rltune.metric VALUES (4, 17, 'reward', 0.5122066432641025);
INSERT INTO rltune.metric VALUES (4, 17, 'kl', 0.4154268711375601);
INSERT INTO rltune.metric VALUES (4, 17, 'step_seconds', 0.05087433199514635);
INSERT INTO rltune.metric VALUES (4, 18, 'reward', 0.5423364458090496);
INSERT INTO rltune.metric VALUES (4, 18, 'kl', 0.22226291294728007);
INSERT INTO rltune.metric VALUES (4, 18, 'step_seconds', 0.050208967993967235);
INSERT INTO rltune.metric VALUES (4, 19, 'reward', 0.5724662483539967);
INSERT INTO rltune.metric VALUES (4, 19, 'kl', 0.6908979934386206);
INSERT INTO rltune.metric VALUES (4, 19, 'step_seconds', 0.05027968299691565);
INSERT INTO rltune.metric VALUES (4, 20, 'reward', 0.6025960508989441);
INSERT INTO rltune.metric VALUES (4, 20, 'kl', 0.8709849698634318);
INSERT INTO rltune.metric VALUES (4, 20, 'step_seconds', 0.05104540300089866);
INSERT INTO rltune.metric VALUES (4, 21, 'reward', 0.6327258534438912);
INSERT INTO rltune.metric VALUES (4, 21, 'kl', 0.9376668955519951);
INSERT INTO rltune.metric VALUES (4, 21, 'step_seconds', 0.050283149001188576);
INSERT INTO rltune.metric VALUES (4, 22, 'reward', 0.6628556559888383);
INSERT INTO rltune.metric VALUES (4, 22, 'kl', 0.6019684138246738);
INSERT INTO rltune.metric VALUES (4, 22, 'step_seconds', 0.05329939200601075);
INSERT INTO rltune.metric VALUES (4, 23, 'reward', 0.6929854585337857);
INSERT INTO rltune.metric VALUES (4, 23, 'kl', 0.7590600442511635);
INSERT INTO rltune.metric VALUES (4, 23, 'step_seconds', 0.05126954699517228);
INSERT INTO rltune.metric VALUES (4, 24, 'reward', 0.7231152610787328);
INSERT INTO rltune.metric VALUES (4, 24, 'kl', 0.3856870374608988);
INSERT INTO rltune.metric VALUES (4, 24, 'step_seconds', 0.05223153300175909);
INSERT INTO rltune.metric VALUES (4, 24, 'score/mean', 0.7231152610787328);
INSERT INTO rltune.metric VALUES (4, 24, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (5, 1, 'reward', 0.041665872860636576);
INSERT INTO rltune.metric VALUES (5, 1, 'kl', 0.9987182421606775);
INSERT INTO rltune.metric VALUES (5, 1, 'step_seconds', 0.05039066199969966);
INSERT INTO rltune.metric VALUES (5, 2, 'reward', 0.08333174572127315);
INSERT INTO rltune.metric VALUES (5, 2, 'kl', 0.6756237125200275);
INSERT INTO rltune.metric VALUES (5, 2, 'step_seconds', 0.050187336004455574);
INSERT INTO rltune.metric VALUES (5, 3, 'reward', 0.12499761858190973);
INSERT INTO rltune.metric VALUES (5, 3, 'kl', 0.3518883039597162);
INSERT INTO rltune.metric VALUES (5, 3, 'step_seconds', 0.05020532800699584);
INSERT INTO rltune.metric VALUES (5, 4, 'reward', 0.1666634914425463);
INSERT INTO rltune.metric VALUES (5, 4, 'kl', 0.27624933241779204);
INSERT INTO rltune.metric VALUES (5, 4, 'step_seconds', 0.057719995005754754);
INSERT INTO rltune.metric VALUES (5, 5, 'reward', 0.20832936430318288);
INSERT INTO rltune.metric VALUES (5, 5, 'kl', 0.21091020065613794);
INSERT INTO rltune.metric VALUES (5, 5, 'step_seconds', 0.05478205200051889);
INSERT INTO rltune.metric VALUES (5, 6, 'reward', 0.24999523716381947);
INSERT INTO rltune.metric VALUES (5, 6, 'kl', 0.9946593423361563);
INSERT INTO rltune.metric VALUES (5, 6, 'step_seconds', 0.23303667499567382);
INSERT INTO rltune.metric VALUES (5, 6, 'score/mean', 0.24999523716381947);
INSERT INTO rltune.metric VALUES (5, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (5, 7, 'reward', 0.29166111002445605);
INSERT INTO rltune.metric VALUES (5, 7, 'kl', 0.7701838712138552);
INSERT INTO rltune.metric VALUES (5, 7, 'step_seconds', 0.05024206200323533);
INSERT INTO rltune.metric VALUES (5, 8, 'reward', 0.3333269828850926);
INSERT INTO rltune.metric VALUES (5, 8, 'kl', 0.28079652094300755);
INSERT INTO rltune.metric VALUES (5, 8, 'step_seconds', 0.05019602400716394);
INSERT INTO rltune.metric VALUES (5, 9, 'reward', 0.3749928557457292);
INSERT INTO rltune.metric VALUES (5, 9, 'kl', 0.4475165941863127);
INSERT INTO rltune.metric VALUES (5, 9, 'step_seconds', 0.05094586400082335);
INSERT INTO rltune.metric VALUES (5, 10, 'reward', 0.41665872860636577);
INSERT INTO rltune.metric VALUES (5, 10, 'kl', 0.924910353246357);
INSERT INTO rltune.metric VALUES (5, 10, 'step_seconds', 0.05021551299432758);
INSERT INTO rltune.metric VALUES (5, 11, 'reward', 0.4583246014670023);
INSERT INTO rltune.metric VALUES (5, 11, 'kl', 0.5040817883573663);
INSERT INTO rltune.metric VALUES (5, 11, 'step_seconds', 0.08231544400041457);
INSERT INTO rltune.metric VALUES (5, 12, 'reward', 0.49999047432763893);
INSERT INTO rltune.metric VALUES (5, 12, 'kl', 0.9223163195239186);
INSERT INTO rltune.metric VALUES (5, 12, 'step_seconds', 0.052652962011052296);
INSERT INTO rltune.metric VALUES (5, 12, 'score/mean', 0.49999047432763893);
INSERT INTO rltune.metric VALUES (5, 12, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (5, 13, 'reward', 0.5416563471882755);
INSERT INTO rltune.metric VALUES (5, 13, 'kl', 0.08464179446097506);
INSERT INTO rltune.metric VALUES (5, 13, 'step_seconds', 0.05165715899784118);
INSERT INTO rltune.metric VALUES (5, 14, 'reward', 0.5833222200489121);
INSERT INTO rltune.metric VALUES (5, 14, 'kl', 0.5445944914930952);
INSERT INTO rltune.metric VALUES (5, 14, 'step_seconds', 0.050496383002609946);
INSERT INTO rltune.metric VALUES (5, 15, 'reward', 0.6249880929095487);
INSERT INTO rltune.metric VALUES (5, 15, 'kl', 0.2868696116578927);
INSERT INTO rltune.metric VALUES (5, 15, 'step_seconds', 0.05872604000614956);
INSERT INTO rltune.metric VALUES (5, 16, 'reward', 0.6666539657701852);
INSERT INTO rltune.metric VALUES (5, 16, 'kl', 0.20543221179522392);
INSERT INTO rltune.metric VALUES (5, 16, 'step_seconds', 0.05016403800982516);
INSERT INTO rltune.metric VALUES (5, 17, 'reward', 0.7083198386308218);
INSERT INTO rltune.metric VALUES (5, 17, 'kl', 0.7787289234760052);
INSERT INTO rltune.metric VALUES (5, 17, 'step_seconds', 0.05052203399827704);
INSERT INTO rltune.metric VALUES (5, 18, 'reward', 0.7499857114914584);
INSERT INTO rltune.metric VALUES (5, 18, 'kl', 0.168535896849012);
INSERT INTO rltune.metric VALUES (5, 18, 'step_seconds', 0.05094927099708002);
INSERT INTO rltune.metric VALUES (5, 19, 'reward', 0.7916515843520949);
INSERT INTO rltune.metric VALUES (5, 19, 'kl', 0.9050431067368582);
INSERT INTO rltune.metric VALUES (5, 19, 'step_seconds', 0.05180222500348464);
INSERT INTO rltune.metric VALUES (5, 20, 'reward', 0.8333174572127315);
INSERT INTO rltune.metric VALUES (5, 20, 'kl', 0.5179674982833601);
INSERT INTO rltune.metric VALUES (5, 20, 'step_seconds', 0.05065309700148646);
INSERT INTO rltune.metric VALUES (5, 21, 'reward', 0.8749833300733681);
INSERT INTO rltune.metric VALUES (5, 21, 'kl', 0.6274357213702602);
INSERT INTO rltune.metric VALUES (5, 21, 'step_seconds', 0.07705047300260048);
INSERT INTO rltune.metric VALUES (5, 22, 'reward', 0.9166492029340046);
INSERT INTO rltune.metric VALUES (5, 22, 'kl', 0.22204928664072632);
INSERT INTO rltune.metric VALUES (5, 22, 'step_seconds', 0.050727986003039405);
INSERT INTO rltune.metric VALUES (5, 23, 'reward', 0.9583150757946414);
INSERT INTO rltune.metric VALUES (5, 23, 'kl', 0.9403982604715038);
INSERT INTO rltune.metric VALUES (5, 23, 'step_seconds', 0.05139466100081336);
INSERT INTO rltune.metric VALUES (5, 24, 'reward', 0.9999809486552779);
INSERT INTO rltune.metric VALUES (5, 24, 'kl', 0.5276874952315557);
INSERT INTO rltune.metric VALUES (5, 24, 'step_seconds', 0.05050628600292839);
INSERT INTO rltune.metric VALUES (5, 24, 'score/mean', 0.9999809486552779);
INSERT INTO rltune.metric VALUES (5, 24, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (6, 1, 'reward', 0.022352359849524536);
INSERT INTO rltune.metric VALUES (6, 1, 'kl', 0.4187685969329366);
INSERT INTO rltune.metric VALUES (6, 1, 'step_seconds', 0.050834340989240445);
INSERT INTO rltune.metric VALUES (6, 2, 'reward', 0.04470471969904907);
INSERT INTO rltune.metric VALUES (6, 2, 'kl', 0.223071641107805);
INSERT INTO rltune.metric VALUES (6, 2, 'step_seconds', 0.05268151900963858);
INSERT INTO rltune.metric VALUES (6, 3, 'reward', 0.06705707954857361);
INSERT INTO rltune.metric VALUES (6, 3, 'kl', 0.41992828259708553);
INSERT INTO rltune.metric VALUES (6, 3, 'step_seconds', 0.050152164010796696);
INSERT INTO rltune.metric VALUES (6, 4, 'reward', 0.08940943939809815);
INSERT INTO rltune.metric VALUES (6, 4, 'kl', 0.15109483482108796);
INSERT INTO rltune.metric VALUES (6, 4, 'step_seconds', 0.05018202500650659);
INSERT INTO rltune.metric VALUES (6, 5, 'reward', 0.11176179924762268);
INSERT INTO rltune.metric VALUES (6, 5, 'kl', 0.6760204470893416);
INSERT INTO rltune.metric VALUES (6, 5, 'step_seconds', 0.05052791700290982);
INSERT INTO rltune.metric VALUES (6, 6, 'reward', 0.13411415909714722);
INSERT INTO rltune.metric VALUES (6, 6, 'kl', 0.5851834897383078);
INSERT INTO rltune.metric VALUES (6, 6, 'step_seconds', 0.1582625049923081);
INSERT INTO rltune.metric VALUES (6, 6, 'score/mean', 0.13411415909714722);
INSERT INTO rltune.metric VALUES (6, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (6, 7, 'reward', 0.15646651894667177);
INSERT INTO rltune.metric VALUES (6, 7, 'kl', 0.5867856870374609);
INSERT INTO rltune.metric VALUES (6, 7, 'step_seconds', 0.050954074002220295);
INSERT INTO rltune.metric VALUES (6, 8, 'reward', 0.1788188787961963);
INSERT INTO rltune.metric VALUES (6, 8, 'kl', 0.9598992904554818);
INSERT INTO rltune.metric VALUES (6, 8, 'step_seconds', 0.05481393700756598);
INSERT INTO rltune.metric VALUES (6, 9, 'reward', 0.20117123864572084);
INSERT INTO rltune.metric VALUES (6, 9, 'kl', 0.4127565423056382);
INSERT INTO rltune.metric VALUES (6, 9, 'step_seconds', 0.050843177014030516);
INSERT INTO rltune.metric VALUES (6, 10, 'reward', 0.22352359849524536);
INSERT INTO rltune.metric VALUES (6, 10, 'kl', 0.41297016861219193);
INSERT INTO rltune.metric VALUES (6, 10, 'step_seconds', 0.05162473098607734);
INSERT INTO rltune.metric VALUES (6, 11, 'reward', 0.24587595834476988);
INSERT INTO rltune.metric VALUES (6, 11, 'kl', 0.23515678644998855);
INSERT INTO rltune.metric VALUES (6, 11, 'step_seconds', 0.05302608299825806);
INSERT INTO rltune.metric VALUES (7, 1, 'reward', 0.03902315310093869);
INSERT INTO rltune.metric VALUES (7, 1, 'kl', 0.44284733348592353);
INSERT INTO rltune.metric VALUES (7, 1, 'step_seconds', 0.05047504699905403);
INSERT INTO rltune.metric VALUES (7, 2, 'reward', 0.07804630620187739);
INSERT INTO rltune.metric VALUES (7, 2, 'kl', 0.1420309758144503);
INSERT INTO rltune.metric VALUES (7, 2, 'step_seconds', 0.11348048900254071);
INSERT INTO rltune.metric VALUES (7, 3, 'reward', 0.11706945930281608);
INSERT INTO rltune.metric VALUES (7, 3, 'kl', 0.1402914473182269);
INSERT INTO rltune.metric VALUES (7, 3, 'step_seconds', 0.05019477699534036);
INSERT INTO rltune.metric VALUES (7, 4, 'reward', 0.15609261240375477);
INSERT INTO rltune.metric VALUES (7, 4, 'kl', 0.9011062790875105);
INSERT INTO rltune.metric VALUES (7, 4, 'step_seconds', 0.050199384000734426);
INSERT INTO rltune.metric VALUES (7, 5, 'reward', 0.19511576550469348);
INSERT INTO rltune.metric VALUES (7, 5, 'kl', 0.048218509193560695);
INSERT INTO rltune.metric VALUES (7, 5, 'step_seconds', 0.05023181499564089);
INSERT INTO rltune.metric VALUES (7, 6, 'reward', 0.23413891860563216);
INSERT INTO rltune.metric VALUES (7, 6, 'kl', 0.1262531471732662);
INSERT INTO rltune.metric VALUES (7, 6, 'step_seconds', 0.05019100599747617);
INSERT INTO rltune.metric VALUES (7, 6, 'score/mean', 0.23413891860563216);
INSERT INTO rltune.metric VALUES (7, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (7, 7, 'reward', 0.27316207170657086);
INSERT INTO rltune.metric VALUES (7, 7, 'kl', 0.08094911116197452);
INSERT INTO rltune.metric VALUES (7, 7, 'step_seconds', 0.0502411600027699);
INSERT INTO rltune.metric VALUES (7, 8, 'reward', 0.31218522480750954);
INSERT INTO rltune.metric VALUES (7, 8, 'kl', 0.9401998931868467);
INSERT INTO rltune.metric VALUES (7, 8, 'step_seconds', 0.050237180999829434);
INSERT INTO rltune.metric VALUES (7, 9, 'reward', 0.3512083779084482);
INSERT INTO rltune.metric VALUES (7, 9, 'kl', 0.47870603494316016);
INSERT INTO rltune.metric VALUES (7, 9, 'step_seconds', 0.051106804006849416);
INSERT INTO rltune.metric VALUES (7, 10, 'reward', 0.39023153100938696);
INSERT INTO rltune.metric VALUES (7, 10, 'kl', 0.9689631494621195);
INSERT INTO rltune.metric VALUES (7, 10, 'step_seconds', 0.0501930890022777);
INSERT INTO rltune.metric VALUES (7, 11, 'reward', 0.4292546841103256);
INSERT INTO rltune.metric VALUES (7, 11, 'kl', 0.6238651102464332);
INSERT INTO rltune.metric VALUES (7, 11, 'step_seconds', 0.052161856001475826);
INSERT INTO rltune.rltune_schema VALUES (1);
INSERT INTO rltune.run VALUES (1, 1, 1, 'r0001', 1, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (2, 1, 2, 'r0002', 2, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (3, 1, 3, 'r0003', 3, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (4, 1, 4, 'r0004', 4, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (5, 1, 5, 'r0005', 5, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (6, 1, 6, 'r0006', 6, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (7, 1, 7, 'r0007', 7, 'embedded/xs', 0);
INSERT INTO rltune.score VALUES (1, 1, 'embedded/s', NULL, 0, 'validation', '{"mean":0.0,"greedy":0.5,"mean_stderr":0.01}', 0.01735938200727105);
INSERT INTO rltune.score VALUES (2, 1, 'embedded/xs', NULL, 0, 'validation', '{"mean":0.0,"greedy":0.5,"mean_stderr":0.01}', 0.022286720006377436);
INSERT INTO rltune.segment VALUES (1, 1, 1, 'r0001-s1', 0, 24, 'search', 'the recipe', '{}', 'ended', '/srv/studies/first/runs/0001-embedded-xs-s0-aa5834fbd4/segments/001', 6419, 72296.24, 1795290414.152275, 1795290416.0486236, 'reached', 24, 'step 24 was reached', NULL, '{}', 1.6562268489912386, 0.003, 0.018670416000531986, 0, '');
INSERT INTO rltune.segment VALUES (2, 2, 1, 'r0002-s1', 0, 24, 'search', 'drawn at random', '{}', 'ended', '/srv/studies/first/runs/0002-embedded-xs-s0-2a6025d5e1/segments/001', 6432, 72298.3, 1795290416.2173328, 1795290417.4207435, 'futile', 12, 'the forecast for step 24 is 0.0325, with 95% probability below 0.0679; another run already has 0.919', 'futility', '{"forecast":0.03253723811769827,"upper":0.06794159817694094,"best":0.9190059530123358,"bar":0.5523727258228809,"streak":3.0}', 1.0051070010017138, 0.002, 0.08147473399003502, 0, '');
INSERT INTO rltune.segment VALUES (3, 3, 1, 'r0003-s1', 0, 24, 'search', 'drawn at random', '{}', 'ended', '/srv/studies/first/runs/0003-embedded-xs-s0-a545463d1d/segments/001', 6484, 72299.83, 1795290417.7304187, 1795290429.808057, 'reached', 24, 'step 24 was reached', NULL, '{}', 11.933619261003216, 0.003, 0.027782161996583454, 0, '');
INSERT INTO rltune.segment VALUES (4, 4, 1, 'r0004-s1', 0, 24, 'search', 'drawn at random', '{}', 'ended', '/srv/studies/first/runs/0004-embedded-xs-s0-dbbd776cc9/segments/001', 6734, 72312.18, 1795290430.0561113, 1795290433.4714434, 'reached', 24, 'step 24 was reached', NULL, '{}', 3.140931590995635, 0.003, 0.15818968700477853, 0, '');
INSERT INTO rltune.segment VALUES (5, 5, 1, 'r0005-s1', 0, 24, 'search', 'drawn at random', '{}', 'ended', '/srv/studies/first/runs/0005-embedded-xs-s0-9315e26cb0/segments/001', 6770, 72315.65, 1795290433.5632734, 1795290436.3973675, 'reached', 24, 'step 24 was reached', NULL, '{}', 2.5555050740046426, 0.003, 0.16819781799858902, 0, '');
INSERT INTO rltune.segment VALUES (6, 6, 1, 'r0006-s1', 0, 24, 'search', 'drawn at random', '{}', 'ended', '/srv/studies/first/runs/0006-embedded-xs-s0-eb78b6c590/segments/001', 6827, 72318.93, 1795290436.6390598, 1795290439.644004, 'futile', 11, 'the forecast for step 24 is 0.421, with 95% probability below 0.546; another run already has 0.979', 'futility', '{"forecast":0.4212421593707775,"upper":0.5460376411297746,"best":0.9791480122249596,"bar":0.6053706952145954,"streak":3.0}', 2.574442322995514, 0.001, 0.06233005301328376, 0, '');
INSERT INTO rltune.segment VALUES (7, 7, 1, 'r0007-s1', 0, 24, 'search', 'drawn at random', '{}', 'running', '/srv/studies/first/runs/0007-embedded-xs-s0-2bbc5cdcc9/segments/001', 6869, 72322.77, 1795290440.6741614, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, '');
INSERT INTO rltune.study VALUES (1, 'first', 'running', 'search', '{"name":"first","models":{"target":"embedded/s","proxies":["embedded/xs"],"learning_rate_scaling":"width"},"task":{"name":"arithmetic/easy"},"trainer":{"name":"rltune.testing.toy_trainer:ToyTrainer","settings":{}},"recipe":"embedded-grpo","baseline":{},"space":{"from":null,"learning_rate":{"when":{},"type":"float","low":1e-06,"high":0.01,"log":true,"step":null}},"constraints":[],"fixed":{"step_time":0.05},"budget":{"time":600.0,"search":0.9,"trials":8},"steps":24,"rungs":[6,12,24],"validation":{"prompts":4,"samples":1,"temperature":1.0},"test":{"prompts":4,"samples":1},"stopping":{"preset":"default","futility":true,"rules":[]},"optimizer":{"name":"random","options":{}},"executor":{"name":"local","slots":1,"threads":1,"device":"auto","gpus":null,"trial_time":null,"stall_time":600.0,"grace_time":5.0,"memory":null},"transfer":{"check":true,"pairs":4,"at":0.6,"share":0.25},"confirm":{"top":2},"final":{"seeds":2},"trackers":[],"output":"/srv/studies","store":"postgresql+psycopg://rltune@/rltune?host=/run/postgresql","seed":0}', 1795290409.8212216, 30.185717371001374);
SELECT pg_catalog.setval('rltune.configuration_pk_seq', 7, true);
SELECT pg_catalog.setval('rltune.decision_pk_seq', 9, true);
SELECT pg_catalog.setval('rltune.evaluation_pk_seq', 17, true);
SELECT pg_catalog.setval('rltune.event_pk_seq', 4, true);
SELECT pg_catalog.setval('rltune.fact_pk_seq', 61, true);
SELECT pg_catalog.setval('rltune.rltune_schema_version_seq', 1, false);
SELECT pg_catalog.setval('rltune.run_pk_seq', 7, true);
SELECT pg_catalog.setval('rltune.score_pk_seq', 2, true);
SELECT pg_catalog.setval('rltune.segment_pk_seq', 7, true);
SELECT pg_catalog.setval('rltune.study_pk_seq', 1, true);
ALTER TABLE ONLY rltune.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (run, step);
ALTER TABLE ONLY rltune.configuration
    ADD CONSTRAINT configuration_pkey PRIMARY KEY (pk);
ALTER TABLE ONLY rltune.configuration
    ADD CONSTRAINT configuration_study_content_key UNIQUE (study, content);
ALTER TABLE ONLY rltune.decision
    ADD CONSTRAINT decision_pkey PRIMARY KEY (pk);
ALTER TABLE ONLY rltune.evaluation
    ADD CONSTRAINT evaluation_pkey PRIMARY KEY (pk);
ALTER TABLE ONLY rltune.evaluation
    ADD CONSTRAINT evaluation_run_step_key UNIQUE (run, step);
ALTER TABLE ONLY rltune.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (pk);
ALTER TABLE ONLY rltune.fact
    ADD CONSTRAINT fact_pkey PRIMARY KEY (pk);
ALTER TABLE ONLY rltune.fact
    ADD CONSTRAINT fact_study_name_key UNIQUE (study, name);
ALTER TABLE ONLY rltune.metric
    ADD CONSTRAINT metric_pkey PRIMARY KEY (run, step, name);
ALTER TABLE ONLY rltune.rltune_schema
    ADD CONSTRAINT rltune_schema_pkey PRIMARY KEY (version);
ALTER TABLE ONLY rltune.run
    ADD CONSTRAINT run_configuration_model_seed_key UNIQUE (configuration, model, seed);
ALTER TABLE ONLY rltune.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (pk);
ALTER TABLE ONLY rltune.run
    ADD CONSTRAINT run_study_id_key UNIQUE (study, id);
ALTER TABLE ONLY rltune.run
    ADD CONSTRAINT run_study_number_key UNIQUE (study, number);
ALTER TABLE ONLY rltune.score
    ADD CONSTRAINT score_pkey PRIMARY KEY (pk);
ALTER TABLE ONLY rltune.segment
    ADD CONSTRAINT segment_pkey PRIMARY KEY (pk);
ALTER TABLE ONLY rltune.segment
    ADD CONSTRAINT segment_run_number_key UNIQUE (run, number);
ALTER TABLE ONLY rltune.study
    ADD CONSTRAINT study_name_key UNIQUE (name);
ALTER TABLE ONLY rltune.study
    ADD CONSTRAINT study_pkey PRIMARY KEY (pk);
CREATE INDEX decision_of_study ON rltune.decision USING btree (study);
CREATE INDEX event_of_study ON rltune.event USING btree (study);
CREATE UNIQUE INDEX one_running_segment_a_run ON rltune.segment USING btree (run) WHERE ((state)::text = 'running'::text);
CREATE INDEX score_of_study ON rltune.score USING btree (study);
CREATE INDEX segment_of_run ON rltune.segment USING btree (run);
ALTER TABLE ONLY rltune.checkpoint
    ADD CONSTRAINT checkpoint_run_fkey FOREIGN KEY (run) REFERENCES rltune.run(pk);
ALTER TABLE ONLY rltune.configuration
    ADD CONSTRAINT configuration_study_fkey FOREIGN KEY (study) REFERENCES rltune.study(pk);
ALTER TABLE ONLY rltune.decision
    ADD CONSTRAINT decision_study_fkey FOREIGN KEY (study) REFERENCES rltune.study(pk);
ALTER TABLE ONLY rltune.evaluation
    ADD CONSTRAINT evaluation_run_fkey FOREIGN KEY (run) REFERENCES rltune.run(pk);
ALTER TABLE ONLY rltune.event
    ADD CONSTRAINT event_study_fkey FOREIGN KEY (study) REFERENCES rltune.study(pk);
ALTER TABLE ONLY rltune.fact
    ADD CONSTRAINT fact_study_fkey FOREIGN KEY (study) REFERENCES rltune.study(pk);
ALTER TABLE ONLY rltune.metric
    ADD CONSTRAINT metric_run_fkey FOREIGN KEY (run) REFERENCES rltune.run(pk);
ALTER TABLE ONLY rltune.run
    ADD CONSTRAINT run_configuration_fkey FOREIGN KEY (configuration) REFERENCES rltune.configuration(pk);
ALTER TABLE ONLY rltune.run
    ADD CONSTRAINT run_study_fkey FOREIGN KEY (study) REFERENCES rltune.study(pk);
ALTER TABLE ONLY rltune.score
    ADD CONSTRAINT score_run_fkey FOREIGN KEY (run) REFERENCES rltune.run(pk);
ALTER TABLE ONLY rltune.score
    ADD CONSTRAINT score_study_fkey FOREIGN KEY (study) REFERENCES rltune.study(pk);
ALTER TABLE ONLY rltune.segment
    ADD CONSTRAINT segment_run_fkey FOREIGN KEY (run) REFERENCES rltune.run(pk);
