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
SET default_table_access_method = heap;
CREATE TABLE rltune.checkpoint (
    run bigint NOT NULL,
    step bigint NOT NULL,
    path text NOT NULL,
    bytes bigint NOT NULL,
    state character varying(20) NOT NULL,
    pinned boolean NOT NULL,
    tier character varying(20) DEFAULT 'full'::character varying NOT NULL
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
CREATE TABLE rltune.controller (
    study bigint NOT NULL,
    token bigint NOT NULL,
    holder text NOT NULL,
    host text NOT NULL,
    pid bigint NOT NULL,
    acquired double precision NOT NULL,
    renewed double precision NOT NULL,
    written text
);
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
    worker text,
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
INSERT INTO rltune.checkpoint VALUES (3, 6, 'runs/0003-embedded-xs-s0-f9b156839a/checkpoints/step-000006', 2077, 'complete', false, 'full');
INSERT INTO rltune.checkpoint VALUES (4, 24, 'runs/0004-embedded-xs-s0-2a6025d5e1/checkpoints/step-000024', 2077, 'deleted', false, 'full');
INSERT INTO rltune.checkpoint VALUES (1, 6, 'runs/0001-embedded-xs-s0-aa5834fbd4/checkpoints/step-000006', 2077, 'deleted', false, 'full');
INSERT INTO rltune.checkpoint VALUES (6, 6, 'runs/0006-embedded-xs-s0-d305f2af0f/checkpoints/step-000006', 2077, 'complete', false, 'full');
INSERT INTO rltune.checkpoint VALUES (1, 24, 'runs/0001-embedded-xs-s0-aa5834fbd4/checkpoints/step-000024', 2077, 'deleted', false, 'full');
INSERT INTO rltune.checkpoint VALUES (2, 6, 'runs/0002-embedded-xs-s0-7d3e5be0d5/checkpoints/step-000006', 2077, 'deleted', false, 'full');
INSERT INTO rltune.checkpoint VALUES (5, 24, 'runs/0005-embedded-xs-s0-55fb235f3a/checkpoints/step-000024', 2077, 'deleted', false, 'full');
INSERT INTO rltune.checkpoint VALUES (8, 6, 'runs/0008-embedded-xs-s0-793cd724ad/checkpoints/step-000006', 2077, 'deleted', false, 'full');
INSERT INTO rltune.checkpoint VALUES (7, 6, 'runs/0007-embedded-xs-s0-19b05e8cb6/checkpoints/step-000006', 2077, 'deleted', false, 'full');
INSERT INTO rltune.checkpoint VALUES (7, 24, 'runs/0007-embedded-xs-s0-19b05e8cb6/checkpoints/step-000024', 2077, 'deleted', false, 'full');
INSERT INTO rltune.checkpoint VALUES (11, 6, 'runs/0011-embedded-xs-s0-18f70f2791/checkpoints/step-000006', 2077, 'complete', false, 'full');
INSERT INTO rltune.checkpoint VALUES (9, 24, 'runs/0009-embedded-xs-s0-afc0ecdecb/checkpoints/step-000024', 2077, 'deleted', false, 'full');
INSERT INTO rltune.configuration VALUES (1, 1, 'aa5834fbd4', '{"learning_rate":2.8e-05}');
INSERT INTO rltune.configuration VALUES (2, 1, '7d3e5be0d5', '{"learning_rate":0.003622}');
INSERT INTO rltune.configuration VALUES (3, 1, 'f9b156839a', '{"learning_rate":2.105e-06}');
INSERT INTO rltune.configuration VALUES (4, 1, '2a6025d5e1', '{"learning_rate":0.003801}');
INSERT INTO rltune.configuration VALUES (5, 1, '55fb235f3a', '{"learning_rate":1.616e-05}');
INSERT INTO rltune.configuration VALUES (6, 1, 'd305f2af0f', '{"learning_rate":3.353e-06}');
INSERT INTO rltune.configuration VALUES (7, 1, '19b05e8cb6', '{"learning_rate":4.505e-06}');
INSERT INTO rltune.configuration VALUES (8, 1, '793cd724ad', '{"learning_rate":1.43e-06}');
INSERT INTO rltune.configuration VALUES (9, 1, 'afc0ecdecb', '{"learning_rate":2.568e-05}');
INSERT INTO rltune.configuration VALUES (10, 1, '44284284d3', '{"learning_rate":2.51e-05}');
INSERT INTO rltune.configuration VALUES (11, 1, '18f70f2791', '{"learning_rate":2.745e-05}');
INSERT INTO rltune.configuration VALUES (12, 1, 'e07497d01f', '{"learning_rate":2.75e-05}');
INSERT INTO rltune.controller VALUES (1, 1, '00000000-0000-0000-0000-000000000001 pid:[4026531836] 10775 72273', 'node-7', 10775, 1795314727.8861, 1795314727.8861, '0970423b673b447cac5caab6ab8e830f');
INSERT INTO rltune.decision VALUES (1, 1, 1795314728.6318002, 'proposal', 'r0001', 'the recipe', '{"segment":"r0001-s1","configuration":"aa5834fbd4","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (2, 1, 1795314728.679535, 'proposal', 'r0002', 'bracket 0: drawn at random', '{"segment":"r0002-s1","configuration":"7d3e5be0d5","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (3, 1, 1795314728.8465002, 'proposal', 'r0003', 'bracket 0: drawn at random', '{"segment":"r0003-s1","configuration":"f9b156839a","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (4, 1, 1795314728.8829768, 'proposal', 'r0004', 'bracket 1: drawn at random', '{"segment":"r0004-s1","configuration":"2a6025d5e1","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (5, 1, 1795314729.0915978, 'promotion', 'r0001', 'best of those that rest at step 6 (score 0.235)', '{"segment":"r0001-s2","configuration":"aa5834fbd4","model":"embedded/xs","from_step":6,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (6, 1, 1795314729.4974227, 'delete', 'r0004', 'room for 0.0 MB of 0.0 MB: the run has all its 24 steps', '{"step":24,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.5576084190000047,"seconds_a_byte":0.0}');
INSERT INTO rltune.decision VALUES (7, 1, 1795314729.5072553, 'proposal', 'r0005', 'bracket 1: likely among the best of 6 steps', '{"segment":"r0005-s1","configuration":"55fb235f3a","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (8, 1, 1795314729.5510757, 'delete', 'r0001', 'room for 0.0 MB of 0.0 MB: a newer one is there, of step 24; the run has all its 24 steps', '{"step":6,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.13630689824999467,"seconds_a_byte":0.0}');
INSERT INTO rltune.decision VALUES (9, 1, 1795314729.558982, 'proposal', 'r0006', 'bracket 2: likely among the best of 6 steps', '{"segment":"r0006-s1","configuration":"d305f2af0f","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (10, 1, 1795314729.746689, 'delete', 'r0001', 'room for 0.0 MB of 0.0 MB: the run has all its 24 steps', '{"step":24,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.5452275929999787,"seconds_a_byte":0.0}');
INSERT INTO rltune.decision VALUES (11, 1, 1795314729.7541687, 'proposal', 'r0007', 'bracket 2: likely among the best of 6 steps', '{"segment":"r0007-s1","configuration":"19b05e8cb6","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (12, 1, 1795314729.9396813, 'delete', 'r0002', 'room for 0.0 MB of 0.0 MB: rank 5 of 6 at step 6 on embedded/xs, of which 2 went on', '{"step":6,"bytes":2077,"frees":2077,"chance":0.25,"seconds_to_retrain":0.139797953999936,"seconds_a_byte":1.682690828116707e-05}');
INSERT INTO rltune.decision VALUES (13, 1, 1795314729.9472818, 'proposal', 'r0008', 'bracket 2: drawn at random', '{"segment":"r0008-s1","configuration":"793cd724ad","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (14, 1, 1795314730.1041832, 'delete', 'r0005', 'room for 0.0 MB of 0.0 MB: the run has all its 24 steps', '{"step":24,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.5384877179999848,"seconds_a_byte":0.0}');
INSERT INTO rltune.decision VALUES (15, 1, 1795314730.1121194, 'proposal', 'r0009', 'bracket 3: likely among the best of 6 steps', '{"segment":"r0009-s1","configuration":"afc0ecdecb","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (16, 1, 1795314730.144085, 'delete', 'r0008', 'room for 0.0 MB of 0.0 MB: rank 6 of 8 at step 6 on embedded/xs, of which 3 went on', '{"step":6,"bytes":2077,"frees":2077,"chance":0.3149802624737183,"seconds_to_retrain":0.1296628689999343,"seconds_a_byte":1.9663574632014757e-05}');
INSERT INTO rltune.decision VALUES (17, 1, 1795314730.1510766, 'promotion', 'r0007', 'best of those that rest at step 6 (score 0.0838)', '{"segment":"r0007-s2","configuration":"19b05e8cb6","model":"embedded/xs","from_step":6,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (18, 1, 1795314730.5880024, 'delete', 'r0007', 'room for 0.0 MB of 0.0 MB: a newer one is there, of step 24; the run has all its 24 steps', '{"step":6,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.12930746349998049,"seconds_a_byte":0.0}');
INSERT INTO rltune.decision VALUES (19, 1, 1795314730.5963051, 'proposal', 'r0010', 'bracket 3: likely among the best of 24 steps', '{"segment":"r0010-s1","configuration":"44284284d3","model":"embedded/xs","from_step":0,"to_step":24,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (20, 1, 1795314730.6924202, 'delete', 'r0007', 'room for 0.0 MB of 0.0 MB: the run has all its 24 steps', '{"step":24,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.5172298539999219,"seconds_a_byte":0.0}');
INSERT INTO rltune.decision VALUES (21, 1, 1795314730.7008553, 'proposal', 'r0011', 'bracket 4: likely among the best of 24 steps', '{"segment":"r0011-s1","configuration":"18f70f2791","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO rltune.decision VALUES (22, 1, 1795314730.879945, 'delete', 'r0009', 'room for 0.0 MB of 0.0 MB: the run has all its 24 steps', '{"step":24,"bytes":2077,"frees":2077,"chance":0.0,"seconds_to_retrain":0.5249967909999641,"seconds_a_byte":0.0}');
INSERT INTO rltune.decision VALUES (23, 1, 1795314730.887587, 'proposal', 'r0012', 'bracket 4: likely among the best of 24 steps', '{"segment":"r0012-s1","configuration":"e07497d01f","model":"embedded/xs","from_step":0,"to_step":6,"seed":0,"phase":"search"}');
INSERT INTO rltune.evaluation VALUES (1, 1, 6, 'search', 0.23463981779038362, 0.23463981779038362, 6, 0.12694609699985904, 0.001, 0.00900666799998362, 'reached', 6, 'step 6 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (2, 2, 6, 'search', 0.007861214527082369, 0.007861214527082369, 6, 0.1217048580001574, 0.001, 0.009961985000018103, 'reached', 6, 'step 6 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (3, 3, 6, 'search', 0.03766989242668783, 0.03766989242668783, 6, 0.12378433100025177, 0.001, 0.012808836000090196, 'reached', 6, 'step 6 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (4, 4, 6, 'search', 0.007268655116095599, NULL, 6, 0.12147492400004012, 0.001, 0.013675308999950175, 'reached', 6, 'passed step 6 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (5, 4, 12, 'search', 0.014537310232191198, NULL, 12, 0.24225645700005316, 0.002, 0.013675308999950175, 'reached', 12, 'passed step 12 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (6, 4, 24, 'search', 0.029074620464382396, 0.029074620464382396, 24, 0.486328565000008, 0.003, 0.013675308999950175, 'reached', 24, 'step 24 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (7, 1, 12, 'search', 0.46927963558076724, NULL, 12, 0.25105179499996666, 0.002, 0.02437766200000624, 'reached', 12, 'passed step 12 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (8, 1, 24, 'search', 0.9385592711615345, 0.9385592711615345, 24, 0.493433535999543, 0.003, 0.02437766200000624, 'reached', 24, 'step 24 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (9, 6, 6, 'search', 0.06307175939869593, 0.06307175939869593, 6, 0.12101537599983203, 0.001, 0.01629525700002432, 'reached', 6, 'step 6 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (10, 7, 6, 'search', 0.08383584454787574, 0.08383584454787574, 6, 0.12094092800009548, 0.001, 0.012434976000008646, 'reached', 6, 'step 6 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (11, 5, 6, 'search', 0.19653539915462592, NULL, 6, 0.12092415799986611, 0.001, 0.013307815999951345, 'reached', 6, 'passed step 6 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (12, 5, 12, 'search', 0.39307079830925185, NULL, 12, 0.242000563999909, 0.002, 0.013307815999951345, 'reached', 12, 'passed step 12 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (13, 5, 24, 'search', 0.7861415966185037, 0.7861415966185037, 24, 0.48360406399979183, 0.003, 0.013307815999951345, 'reached', 24, 'step 24 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (14, 8, 6, 'search', 0.023072815219268576, 0.023072815219268576, 6, 0.12113839000005555, 0.001, 0.007784951000076035, 'reached', 6, 'step 6 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (15, 7, 12, 'search', 0.16767168909575147, NULL, 12, 0.24185021100004178, 0.002, 0.02329721800003881, 'reached', 12, 'passed step 12 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (16, 7, 24, 'search', 0.33534337819150295, 0.33534337819150295, 24, 0.4835155030001488, 0.003, 0.02329721800003881, 'reached', 24, 'step 24 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (17, 9, 6, 'search', 0.22991807181227797, NULL, 6, 0.12127219499996045, 0.001, 0.01389104200006841, 'reached', 6, 'passed step 6 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (18, 9, 12, 'search', 0.45983614362455594, NULL, 12, 0.24209729400001834, 0.002, 0.01389104200006841, 'reached', 12, 'passed step 12 on the way to step 24', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (19, 9, 24, 'search', 0.9196722872491119, 0.9196722872491119, 24, 0.48368032300004415, 0.003, 0.01389104200006841, 'reached', 24, 'step 24 was reached', NULL, '{}');
INSERT INTO rltune.evaluation VALUES (20, 11, 6, 'search', 0.23360656498410565, 0.23360656498410565, 6, 0.12094754500026283, 0.001, 0.013346527000066999, 'reached', 6, 'step 6 was reached', NULL, '{}');
INSERT INTO rltune.fact VALUES (1, 1, 'recipe', '{"configuration":{"learning_rate":2.8e-05},"id":"aa5834fbd4","name":"embedded-grpo"}');
INSERT INTO rltune.fact VALUES (2, 1, 'models', '{"embedded/s":{"parameters":795520,"hidden_size":128,"learning_rate_factor":1.0},"embedded/xs":{"parameters":135296,"hidden_size":64,"learning_rate_factor":2.0}}');
INSERT INTO rltune.fact VALUES (3, 1, 'target', '"embedded/s"');
INSERT INTO rltune.fact VALUES (4, 1, 'rungs', '[6,12,24]');
INSERT INTO rltune.fact VALUES (5, 1, 'other_tests', '[]');
INSERT INTO rltune.fact VALUES (6, 1, 'fixed', '{"prompts_per_step":32,"updates_per_step":4,"temperature":1.0,"warmup_steps":0,"lr_scheduler":"constant","clip_ratio":0.2,"grad_clip":1.0,"kl_coef":0.001,"rollouts":5,"step_time":0.02,"save_bytes":2000}');
INSERT INTO rltune.fact VALUES (7, 1, 'max_response_length', '8');
INSERT INTO rltune.fact VALUES (8, 1, 'space', '{"learning_rate":{"when":{},"type":"float","low":1e-06,"high":0.01,"log":true}}');
INSERT INTO rltune.fact VALUES (9, 1, 'constraints', '[]');
INSERT INTO rltune.fact VALUES (10, 1, 'elsewhere', '{}');
INSERT INTO rltune.fact VALUES (11, 1, 'versions', '{"rltune":"0.1.0","python":"3.11.7","torch":"2.13.0+cpu","trl":"1.16.0","transformers":"5.23.0"}');
INSERT INTO rltune.fact VALUES (13, 1, 'memory', '{"embedded/s":{"level":0,"settings":"level 0"},"embedded/xs":{"level":0,"settings":"level 0"}}');
INSERT INTO rltune.fact VALUES (14, 1, 'timings', '{"embedded/s":{"step_seconds":0.020312294000063957,"validate_seconds":0.001,"start_seconds":0.010677867000026708,"checkpoint_bytes":2077},"embedded/xs":{"step_seconds":0.020153025000013258,"validate_seconds":0.001,"start_seconds":0.010226427000020522,"checkpoint_bytes":2077}}');
INSERT INTO rltune.fact VALUES (17, 1, 'plan', '{"budget":600.0,"search_seconds":540.0,"slots":2,"timings":{"embedded/s":{"step_seconds":0.020312294000063957,"validate_seconds":0.001,"start_seconds":0.010677867000026708,"checkpoint_bytes":2077},"embedded/xs":{"step_seconds":0.020153025000013258,"validate_seconds":0.001,"start_seconds":0.010226427000020522,"checkpoint_bytes":2077}},"trial_seconds":{"embedded/s":{"6":0.13355163100041045,"12":0.2564253950007942,"24":0.5011729230015617},"embedded/xs":{"6":0.13214457700010007,"12":0.2540627270001796,"24":0.4968990270003387}},"full_target_seconds":0.5011729230015617,"search_trials":24,"capped":true,"after":{"confirm":2,"seeds":2,"seconds":2.0066916920062465,"fits":true},"asked_confirm":2,"asked_seeds":2,"search_models":["embedded/xs"],"search_steps":[6,24],"asked_runs":null,"asked_design":null,"needed":0.8643951192410827,"hours":{"prepare":{"embedded/s":2.341461555562369e-05,"embedded/xs":2.3031091388911338e-05},"search":{"embedded/xs":0.0013917956575587992},"confirm":{"embedded/s":0.0004176441025013014},"final":{"embedded/s":0.0005568588033350685},"test":{"embedded/s":1.2975407777807455e-05}},"unit":"trial-hours","disk":{"sizes":{"embedded/s":2077,"embedded/xs":2077},"measured":["embedded/s","embedded/xs"],"runs":{"embedded/s":11,"embedded/xs":24},"most":16000,"free":81855025152,"limit":16000,"asked":157852},"guessed":false,"warnings":[]}');
INSERT INTO rltune.fact VALUES (12, 1, 'begun', '["prepare","search"]');
INSERT INTO rltune.fact VALUES (19, 1, 'seconds_by_phase', '{"prepare":0.6735510630001045,"search":1.361611340999957}');
INSERT INTO rltune.fact VALUES (20, 1, 'ask_seconds', '0.09105077999993227');
INSERT INTO rltune.fact VALUES (21, 1, 'usage', '{"prepare":{"controller":1.0602856450000218,"asking":0.03129330300021138,"held":0.2547140039999931,"starting":0.04036210399999618,"nothing":0.0008091739999827041},"search":{"controller":0.2888648570000214,"asking":0.09327586899996732,"held":2.3410819559999254,"starting":0.08955402500009768}}');
INSERT INTO rltune.fact VALUES (22, 1, 'usage_unit', '"place"');
INSERT INTO rltune.metric VALUES (1, 1, 'reward', 0.039106636298397265);
INSERT INTO rltune.metric VALUES (1, 1, 'kl', 0.6660257877470054);
INSERT INTO rltune.metric VALUES (1, 1, 'step_seconds', 0.020262849999994614);
INSERT INTO rltune.metric VALUES (1, 2, 'reward', 0.07821327259679453);
INSERT INTO rltune.metric VALUES (1, 2, 'kl', 0.4562142366674296);
INSERT INTO rltune.metric VALUES (1, 2, 'step_seconds', 0.020120004999967023);
INSERT INTO rltune.metric VALUES (1, 3, 'reward', 0.11731990889519181);
INSERT INTO rltune.metric VALUES (1, 3, 'kl', 0.5171892881666286);
INSERT INTO rltune.metric VALUES (1, 3, 'step_seconds', 0.020153366000045025);
INSERT INTO rltune.metric VALUES (1, 4, 'reward', 0.15642654519358906);
INSERT INTO rltune.metric VALUES (1, 4, 'kl', 0.5489127946898604);
INSERT INTO rltune.metric VALUES (1, 4, 'step_seconds', 0.023105595999936668);
INSERT INTO rltune.metric VALUES (1, 5, 'reward', 0.19553318149198637);
INSERT INTO rltune.metric VALUES (1, 5, 'kl', 0.01185626001373312);
INSERT INTO rltune.metric VALUES (1, 5, 'step_seconds', 0.020143580999956612);
INSERT INTO rltune.metric VALUES (1, 6, 'reward', 0.23463981779038362);
INSERT INTO rltune.metric VALUES (1, 6, 'kl', 0.45468833447775997);
INSERT INTO rltune.metric VALUES (1, 6, 'step_seconds', 0.023160698999959095);
INSERT INTO rltune.metric VALUES (1, 6, 'score/mean', 0.23463981779038362);
INSERT INTO rltune.metric VALUES (1, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (2, 1, 'reward', 0.0013102024211803947);
INSERT INTO rltune.metric VALUES (2, 1, 'kl', 0.11409170672159914);
INSERT INTO rltune.metric VALUES (2, 1, 'step_seconds', 0.020266405000029408);
INSERT INTO rltune.metric VALUES (2, 2, 'reward', 0.0026204048423607894);
INSERT INTO rltune.metric VALUES (2, 2, 'kl', 0.40163271534294653);
INSERT INTO rltune.metric VALUES (2, 2, 'step_seconds', 0.020137121000061597);
INSERT INTO rltune.metric VALUES (2, 3, 'reward', 0.0039306072635411846);
INSERT INTO rltune.metric VALUES (2, 3, 'kl', 0.7705348287174792);
INSERT INTO rltune.metric VALUES (2, 3, 'step_seconds', 0.020116389000008894);
INSERT INTO rltune.metric VALUES (2, 4, 'reward', 0.005240809684721579);
INSERT INTO rltune.metric VALUES (2, 4, 'kl', 0.07791256580453193);
INSERT INTO rltune.metric VALUES (2, 4, 'step_seconds', 0.020116028999950686);
INSERT INTO rltune.metric VALUES (2, 5, 'reward', 0.006551012105901975);
INSERT INTO rltune.metric VALUES (2, 5, 'kl', 0.9954985885404746);
INSERT INTO rltune.metric VALUES (2, 5, 'step_seconds', 0.02012087600007817);
INSERT INTO rltune.metric VALUES (2, 6, 'reward', 0.007861214527082369);
INSERT INTO rltune.metric VALUES (2, 6, 'kl', 0.8108644235904479);
INSERT INTO rltune.metric VALUES (2, 6, 'step_seconds', 0.020948038000028646);
INSERT INTO rltune.metric VALUES (2, 6, 'score/mean', 0.007861214527082369);
INSERT INTO rltune.metric VALUES (2, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (3, 1, 'reward', 0.006278315404447971);
INSERT INTO rltune.metric VALUES (3, 1, 'kl', 0.7025711451895933);
INSERT INTO rltune.metric VALUES (3, 1, 'step_seconds', 0.02289467900004638);
INSERT INTO rltune.metric VALUES (3, 2, 'reward', 0.012556630808895942);
INSERT INTO rltune.metric VALUES (3, 2, 'kl', 0.6844281681544213);
INSERT INTO rltune.metric VALUES (3, 2, 'step_seconds', 0.020142209000027833);
INSERT INTO rltune.metric VALUES (3, 3, 'reward', 0.018834946213343914);
INSERT INTO rltune.metric VALUES (3, 3, 'kl', 0.29622339208056764);
INSERT INTO rltune.metric VALUES (3, 3, 'step_seconds', 0.020137292000072193);
INSERT INTO rltune.metric VALUES (3, 4, 'reward', 0.025113261617791885);
INSERT INTO rltune.metric VALUES (3, 4, 'kl', 0.431616693369955);
INSERT INTO rltune.metric VALUES (3, 4, 'step_seconds', 0.020296379999990677);
INSERT INTO rltune.metric VALUES (3, 5, 'reward', 0.03139157702223986);
INSERT INTO rltune.metric VALUES (3, 5, 'kl', 0.6987716487373159);
INSERT INTO rltune.metric VALUES (3, 5, 'step_seconds', 0.02018706600006226);
INSERT INTO rltune.metric VALUES (3, 6, 'reward', 0.03766989242668783);
INSERT INTO rltune.metric VALUES (3, 6, 'kl', 0.8061951628900588);
INSERT INTO rltune.metric VALUES (3, 6, 'step_seconds', 0.020126705000052425);
INSERT INTO rltune.metric VALUES (3, 6, 'score/mean', 0.03766989242668783);
INSERT INTO rltune.metric VALUES (3, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (4, 1, 'reward', 0.0012114425193492664);
INSERT INTO rltune.metric VALUES (4, 1, 'kl', 0.9116655222400244);
INSERT INTO rltune.metric VALUES (4, 1, 'step_seconds', 0.02027704099998573);
INSERT INTO rltune.metric VALUES (4, 2, 'reward', 0.0024228850386985327);
INSERT INTO rltune.metric VALUES (4, 2, 'kl', 0.00022888532845044633);
INSERT INTO rltune.metric VALUES (4, 2, 'step_seconds', 0.0206029099999796);
INSERT INTO rltune.metric VALUES (4, 3, 'reward', 0.0036343275580477995);
INSERT INTO rltune.metric VALUES (4, 3, 'kl', 0.06799420157167925);
INSERT INTO rltune.metric VALUES (4, 3, 'step_seconds', 0.020151511999983995);
INSERT INTO rltune.metric VALUES (4, 4, 'reward', 0.004845770077397065);
INSERT INTO rltune.metric VALUES (4, 4, 'kl', 0.7104600595101854);
INSERT INTO rltune.metric VALUES (4, 4, 'step_seconds', 0.020137822000037886);
INSERT INTO rltune.metric VALUES (4, 5, 'reward', 0.006057212596746333);
INSERT INTO rltune.metric VALUES (4, 5, 'kl', 0.8942397192339971);
INSERT INTO rltune.metric VALUES (4, 5, 'step_seconds', 0.02014532299995153);
INSERT INTO rltune.metric VALUES (4, 6, 'reward', 0.007268655116095599);
INSERT INTO rltune.metric VALUES (4, 6, 'kl', 0.7575494010833905);
INSERT INTO rltune.metric VALUES (4, 6, 'step_seconds', 0.020160316000101375);
INSERT INTO rltune.metric VALUES (4, 6, 'score/mean', 0.007268655116095599);
INSERT INTO rltune.metric VALUES (4, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (4, 7, 'reward', 0.008480097635444866);
INSERT INTO rltune.metric VALUES (4, 7, 'kl', 0.8888990615701533);
INSERT INTO rltune.metric VALUES (4, 7, 'step_seconds', 0.020167256000036105);
INSERT INTO rltune.metric VALUES (4, 8, 'reward', 0.00969154015479413);
INSERT INTO rltune.metric VALUES (4, 8, 'kl', 0.3432364385442893);
INSERT INTO rltune.metric VALUES (4, 8, 'step_seconds', 0.020150800999999774);
INSERT INTO rltune.metric VALUES (4, 9, 'reward', 0.0109029826741434);
INSERT INTO rltune.metric VALUES (4, 9, 'kl', 0.7785458152132448);
INSERT INTO rltune.metric VALUES (4, 9, 'step_seconds', 0.020113945999924);
INSERT INTO rltune.metric VALUES (4, 10, 'reward', 0.012114425193492666);
INSERT INTO rltune.metric VALUES (4, 10, 'kl', 0.46800946059357595);
INSERT INTO rltune.metric VALUES (4, 10, 'step_seconds', 0.02011366600004294);
INSERT INTO rltune.metric VALUES (4, 11, 'reward', 0.013325867712841931);
INSERT INTO rltune.metric VALUES (4, 11, 'kl', 0.625482566567483);
INSERT INTO rltune.metric VALUES (4, 11, 'step_seconds', 0.020131000999981552);
INSERT INTO rltune.metric VALUES (4, 12, 'reward', 0.014537310232191198);
INSERT INTO rltune.metric VALUES (4, 12, 'kl', 0.6474708171206226);
INSERT INTO rltune.metric VALUES (4, 12, 'step_seconds', 0.020104863000028672);
INSERT INTO rltune.metric VALUES (4, 12, 'score/mean', 0.014537310232191198);
INSERT INTO rltune.metric VALUES (4, 12, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (4, 13, 'reward', 0.015748752751540463);
INSERT INTO rltune.metric VALUES (4, 13, 'kl', 0.09028763256275273);
INSERT INTO rltune.metric VALUES (4, 13, 'step_seconds', 0.02265095799998562);
INSERT INTO rltune.metric VALUES (4, 14, 'reward', 0.01696019527088973);
INSERT INTO rltune.metric VALUES (4, 14, 'kl', 0.92304875257496);
INSERT INTO rltune.metric VALUES (4, 14, 'step_seconds', 0.020122729999911826);
INSERT INTO rltune.metric VALUES (4, 15, 'reward', 0.018171637790238997);
INSERT INTO rltune.metric VALUES (4, 15, 'kl', 0.7506523231860838);
INSERT INTO rltune.metric VALUES (4, 15, 'step_seconds', 0.0201417630000833);
INSERT INTO rltune.metric VALUES (4, 16, 'reward', 0.01938308030958826);
INSERT INTO rltune.metric VALUES (4, 16, 'kl', 0.5536888685435264);
INSERT INTO rltune.metric VALUES (4, 16, 'step_seconds', 0.020213751000028424);
INSERT INTO rltune.metric VALUES (4, 17, 'reward', 0.02059452282893753);
INSERT INTO rltune.metric VALUES (4, 17, 'kl', 0.47792782482642865);
INSERT INTO rltune.metric VALUES (4, 17, 'step_seconds', 0.02011993500002518);
INSERT INTO rltune.metric VALUES (4, 18, 'reward', 0.0218059653482868);
INSERT INTO rltune.metric VALUES (4, 18, 'kl', 0.7006637674525062);
INSERT INTO rltune.metric VALUES (4, 18, 'step_seconds', 0.020108678999918084);
INSERT INTO rltune.metric VALUES (4, 19, 'reward', 0.023017407867636064);
INSERT INTO rltune.metric VALUES (4, 19, 'kl', 0.7645075150682841);
INSERT INTO rltune.metric VALUES (4, 19, 'step_seconds', 0.020101607000015065);
INSERT INTO rltune.metric VALUES (4, 20, 'reward', 0.024228850386985332);
INSERT INTO rltune.metric VALUES (4, 20, 'kl', 0.22883955138475623);
INSERT INTO rltune.metric VALUES (4, 20, 'step_seconds', 0.020131552000066222);
INSERT INTO rltune.metric VALUES (4, 21, 'reward', 0.025440292906334597);
INSERT INTO rltune.metric VALUES (4, 21, 'kl', 0.41530479896238653);
INSERT INTO rltune.metric VALUES (4, 21, 'step_seconds', 0.020123049999938303);
INSERT INTO rltune.metric VALUES (4, 22, 'reward', 0.026651735425683862);
INSERT INTO rltune.metric VALUES (4, 22, 'kl', 0.7302967879758907);
INSERT INTO rltune.metric VALUES (4, 22, 'step_seconds', 0.020112953999955607);
INSERT INTO rltune.metric VALUES (4, 23, 'reward', 0.02786317794503313);
INSERT INTO rltune.metric VALUES (4, 23, 'kl', 0.6963607232776379);
INSERT INTO rltune.metric VALUES (4, 23, 'step_seconds', 0.020115738999948007);
INSERT INTO rltune.metric VALUES (4, 24, 'reward', 0.029074620464382396);
INSERT INTO rltune.metric VALUES (4, 24, 'kl', 0.9365529869535363);
INSERT INTO rltune.metric VALUES (4, 24, 'step_seconds', 0.020129390000079184);
INSERT INTO rltune.metric VALUES (4, 24, 'score/mean', 0.029074620464382396);
INSERT INTO rltune.metric VALUES (4, 24, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (1, 7, 'reward', 0.2737464540887809);
INSERT INTO rltune.metric VALUES (1, 7, 'kl', 0.9042343785763333);
INSERT INTO rltune.metric VALUES (1, 7, 'step_seconds', 0.02023015099996428);
INSERT INTO rltune.metric VALUES (1, 8, 'reward', 0.3128530903871781);
INSERT INTO rltune.metric VALUES (1, 8, 'kl', 0.3146105134660868);
INSERT INTO rltune.metric VALUES (1, 8, 'step_seconds', 0.02010502300004191);
INSERT INTO rltune.metric VALUES (1, 9, 'reward', 0.3519597266855754);
INSERT INTO rltune.metric VALUES (1, 9, 'kl', 0.2490272373540856);
INSERT INTO rltune.metric VALUES (1, 9, 'step_seconds', 0.02011983500005954);
INSERT INTO rltune.metric VALUES (1, 10, 'reward', 0.39106636298397274);
INSERT INTO rltune.metric VALUES (1, 10, 'kl', 0.7804531929503319);
INSERT INTO rltune.metric VALUES (1, 10, 'step_seconds', 0.023393467999994755);
INSERT INTO rltune.metric VALUES (1, 11, 'reward', 0.43017299928236996);
INSERT INTO rltune.metric VALUES (1, 11, 'kl', 0.9696498054474708);
INSERT INTO rltune.metric VALUES (1, 11, 'step_seconds', 0.020126143999959822);
INSERT INTO rltune.metric VALUES (1, 12, 'reward', 0.46927963558076724);
INSERT INTO rltune.metric VALUES (1, 12, 'kl', 0.33679713130388345);
INSERT INTO rltune.metric VALUES (1, 12, 'step_seconds', 0.020131077000087316);
INSERT INTO rltune.metric VALUES (1, 12, 'score/mean', 0.46927963558076724);
INSERT INTO rltune.metric VALUES (1, 12, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (1, 13, 'reward', 0.5083862718791645);
INSERT INTO rltune.metric VALUES (1, 13, 'kl', 0.34312962539101244);
INSERT INTO rltune.metric VALUES (1, 13, 'step_seconds', 0.02014506800003346);
INSERT INTO rltune.metric VALUES (1, 14, 'reward', 0.5474929081775618);
INSERT INTO rltune.metric VALUES (1, 14, 'kl', 0.5878690775921264);
INSERT INTO rltune.metric VALUES (1, 14, 'step_seconds', 0.020139734999929715);
INSERT INTO rltune.metric VALUES (1, 15, 'reward', 0.5865995444759591);
INSERT INTO rltune.metric VALUES (1, 15, 'kl', 0.7111772335393302);
INSERT INTO rltune.metric VALUES (1, 15, 'step_seconds', 0.020112895000011122);
INSERT INTO rltune.metric VALUES (1, 16, 'reward', 0.6257061807743562);
INSERT INTO rltune.metric VALUES (1, 16, 'kl', 0.9087663080796521);
INSERT INTO rltune.metric VALUES (1, 16, 'step_seconds', 0.020121286999938093);
INSERT INTO rltune.metric VALUES (1, 17, 'reward', 0.6648128170727536);
INSERT INTO rltune.metric VALUES (1, 17, 'kl', 0.053025101091020065);
INSERT INTO rltune.metric VALUES (1, 17, 'step_seconds', 0.02013603900002181);
INSERT INTO rltune.metric VALUES (1, 18, 'reward', 0.7039194533711508);
INSERT INTO rltune.metric VALUES (1, 18, 'kl', 0.7920805676356145);
INSERT INTO rltune.metric VALUES (1, 18, 'step_seconds', 0.02012673599995196);
INSERT INTO rltune.metric VALUES (1, 19, 'reward', 0.7430260896695481);
INSERT INTO rltune.metric VALUES (1, 19, 'kl', 0.2876783398184176);
INSERT INTO rltune.metric VALUES (1, 19, 'step_seconds', 0.02019223399997827);
INSERT INTO rltune.metric VALUES (1, 20, 'reward', 0.7821327259679455);
INSERT INTO rltune.metric VALUES (1, 20, 'kl', 0.12344548714427406);
INSERT INTO rltune.metric VALUES (1, 20, 'step_seconds', 0.020107205999920552);
INSERT INTO rltune.metric VALUES (1, 21, 'reward', 0.8212393622663426);
INSERT INTO rltune.metric VALUES (1, 21, 'kl', 0.7943846799420157);
INSERT INTO rltune.metric VALUES (1, 21, 'step_seconds', 0.020135207999942395);
INSERT INTO rltune.metric VALUES (1, 22, 'reward', 0.8603459985647399);
INSERT INTO rltune.metric VALUES (1, 22, 'kl', 0.8409704737926299);
INSERT INTO rltune.metric VALUES (1, 22, 'step_seconds', 0.02014580399998067);
INSERT INTO rltune.metric VALUES (1, 23, 'reward', 0.8994526348631372);
INSERT INTO rltune.metric VALUES (1, 23, 'kl', 0.2934767681391623);
INSERT INTO rltune.metric VALUES (1, 23, 'step_seconds', 0.02013842199994542);
INSERT INTO rltune.metric VALUES (1, 24, 'reward', 0.9385592711615345);
INSERT INTO rltune.metric VALUES (1, 24, 'kl', 0.39421683070115204);
INSERT INTO rltune.metric VALUES (1, 24, 'step_seconds', 0.02088110699992285);
INSERT INTO rltune.metric VALUES (1, 24, 'score/mean', 0.9385592711615345);
INSERT INTO rltune.metric VALUES (1, 24, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (6, 1, 'reward', 0.010511959899782654);
INSERT INTO rltune.metric VALUES (6, 1, 'kl', 0.599847409781033);
INSERT INTO rltune.metric VALUES (6, 1, 'step_seconds', 0.020252493999919352);
INSERT INTO rltune.metric VALUES (6, 2, 'reward', 0.02102391979956531);
INSERT INTO rltune.metric VALUES (6, 2, 'kl', 0.12864881361104752);
INSERT INTO rltune.metric VALUES (6, 2, 'step_seconds', 0.020170981999967807);
INSERT INTO rltune.metric VALUES (6, 3, 'reward', 0.031535879699347964);
INSERT INTO rltune.metric VALUES (6, 3, 'kl', 0.44437323567559317);
INSERT INTO rltune.metric VALUES (6, 3, 'step_seconds', 0.020138922999990427);
INSERT INTO rltune.metric VALUES (6, 4, 'reward', 0.04204783959913062);
INSERT INTO rltune.metric VALUES (6, 4, 'kl', 0.9020981155107958);
INSERT INTO rltune.metric VALUES (6, 4, 'step_seconds', 0.0201855739999246);
INSERT INTO rltune.metric VALUES (6, 5, 'reward', 0.052559799498913276);
INSERT INTO rltune.metric VALUES (6, 5, 'kl', 0.5070572976272221);
INSERT INTO rltune.metric VALUES (6, 5, 'step_seconds', 0.020136009999987436);
INSERT INTO rltune.metric VALUES (6, 6, 'reward', 0.06307175939869593);
INSERT INTO rltune.metric VALUES (6, 6, 'kl', 0.36591134508278017);
INSERT INTO rltune.metric VALUES (6, 6, 'step_seconds', 0.020131393000042408);
INSERT INTO rltune.metric VALUES (6, 6, 'score/mean', 0.06307175939869593);
INSERT INTO rltune.metric VALUES (6, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (7, 1, 'reward', 0.013972640757979288);
INSERT INTO rltune.metric VALUES (7, 1, 'kl', 0.12840466926070038);
INSERT INTO rltune.metric VALUES (7, 1, 'step_seconds', 0.020244241999989754);
INSERT INTO rltune.metric VALUES (7, 2, 'reward', 0.027945281515958577);
INSERT INTO rltune.metric VALUES (7, 2, 'kl', 0.007797360189211872);
INSERT INTO rltune.metric VALUES (7, 2, 'step_seconds', 0.020151492999957554);
INSERT INTO rltune.metric VALUES (7, 3, 'reward', 0.04191792227393787);
INSERT INTO rltune.metric VALUES (7, 3, 'kl', 0.5663996337834745);
INSERT INTO rltune.metric VALUES (7, 3, 'step_seconds', 0.020141197000043576);
INSERT INTO rltune.metric VALUES (7, 4, 'reward', 0.055890563031917154);
INSERT INTO rltune.metric VALUES (7, 4, 'kl', 0.7071183337148089);
INSERT INTO rltune.metric VALUES (7, 4, 'step_seconds', 0.020157236000045486);
INSERT INTO rltune.metric VALUES (7, 5, 'reward', 0.06986320378989645);
INSERT INTO rltune.metric VALUES (7, 5, 'kl', 0.7564660105287251);
INSERT INTO rltune.metric VALUES (7, 5, 'step_seconds', 0.02012405100003889);
INSERT INTO rltune.metric VALUES (7, 6, 'reward', 0.08383584454787574);
INSERT INTO rltune.metric VALUES (7, 6, 'kl', 0.3768368047608148);
INSERT INTO rltune.metric VALUES (7, 6, 'step_seconds', 0.020122709000020222);
INSERT INTO rltune.metric VALUES (7, 6, 'score/mean', 0.08383584454787574);
INSERT INTO rltune.metric VALUES (7, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (5, 1, 'reward', 0.03275589985910432);
INSERT INTO rltune.metric VALUES (5, 1, 'kl', 0.5855344472419318);
INSERT INTO rltune.metric VALUES (5, 1, 'step_seconds', 0.020249519999993026);
INSERT INTO rltune.metric VALUES (5, 2, 'reward', 0.06551179971820864);
INSERT INTO rltune.metric VALUES (5, 2, 'kl', 0.3939726863508049);
INSERT INTO rltune.metric VALUES (5, 2, 'step_seconds', 0.020154227000034552);
INSERT INTO rltune.metric VALUES (5, 3, 'reward', 0.09826769957731296);
INSERT INTO rltune.metric VALUES (5, 3, 'kl', 0.394369420920119);
INSERT INTO rltune.metric VALUES (5, 3, 'step_seconds', 0.020141687999966962);
INSERT INTO rltune.metric VALUES (5, 4, 'reward', 0.13102359943641728);
INSERT INTO rltune.metric VALUES (5, 4, 'kl', 0.2864271000228885);
INSERT INTO rltune.metric VALUES (5, 4, 'step_seconds', 0.02012282900000173);
INSERT INTO rltune.metric VALUES (5, 5, 'reward', 0.1637794992955216);
INSERT INTO rltune.metric VALUES (5, 5, 'kl', 0.5658503089951934);
INSERT INTO rltune.metric VALUES (5, 5, 'step_seconds', 0.02012232899994615);
INSERT INTO rltune.metric VALUES (5, 6, 'reward', 0.19653539915462592);
INSERT INTO rltune.metric VALUES (5, 6, 'kl', 0.0020752269779507134);
INSERT INTO rltune.metric VALUES (5, 6, 'step_seconds', 0.020133564999923692);
INSERT INTO rltune.metric VALUES (5, 6, 'score/mean', 0.19653539915462592);
INSERT INTO rltune.metric VALUES (5, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (5, 7, 'reward', 0.22929129901373027);
INSERT INTO rltune.metric VALUES (5, 7, 'kl', 0.781048294804303);
INSERT INTO rltune.metric VALUES (5, 7, 'step_seconds', 0.02011125199999242);
INSERT INTO rltune.metric VALUES (5, 8, 'reward', 0.26204719887283456);
INSERT INTO rltune.metric VALUES (5, 8, 'kl', 0.9859006637674526);
INSERT INTO rltune.metric VALUES (5, 8, 'step_seconds', 0.020430661000091277);
INSERT INTO rltune.metric VALUES (5, 9, 'reward', 0.2948030987319389);
INSERT INTO rltune.metric VALUES (5, 9, 'kl', 0.4014038300144961);
INSERT INTO rltune.metric VALUES (5, 9, 'step_seconds', 0.020153324999910183);
INSERT INTO rltune.metric VALUES (5, 10, 'reward', 0.3275589985910432);
INSERT INTO rltune.metric VALUES (5, 10, 'kl', 0.4860914015411612);
INSERT INTO rltune.metric VALUES (5, 10, 'step_seconds', 0.020124441999996634);
INSERT INTO rltune.metric VALUES (5, 11, 'reward', 0.3603148984501475);
INSERT INTO rltune.metric VALUES (5, 11, 'kl', 0.692988479438468);
INSERT INTO rltune.metric VALUES (5, 11, 'step_seconds', 0.020128889000034178);
INSERT INTO rltune.metric VALUES (5, 12, 'reward', 0.39307079830925185);
INSERT INTO rltune.metric VALUES (5, 12, 'kl', 0.47357900358587013);
INSERT INTO rltune.metric VALUES (5, 12, 'step_seconds', 0.02012783700001819);
INSERT INTO rltune.metric VALUES (5, 12, 'score/mean', 0.39307079830925185);
INSERT INTO rltune.metric VALUES (5, 12, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (5, 13, 'reward', 0.4258266981683561);
INSERT INTO rltune.metric VALUES (5, 13, 'kl', 0.5566491187914855);
INSERT INTO rltune.metric VALUES (5, 13, 'step_seconds', 0.020115547999921546);
INSERT INTO rltune.metric VALUES (5, 14, 'reward', 0.45858259802746054);
INSERT INTO rltune.metric VALUES (5, 14, 'kl', 0.5990539406424048);
INSERT INTO rltune.metric VALUES (5, 14, 'step_seconds', 0.020277402000033362);
INSERT INTO rltune.metric VALUES (5, 15, 'reward', 0.4913384978865648);
INSERT INTO rltune.metric VALUES (5, 15, 'kl', 0.17494468604562446);
INSERT INTO rltune.metric VALUES (5, 15, 'step_seconds', 0.02011112200000298);
INSERT INTO rltune.metric VALUES (5, 16, 'reward', 0.5240943977456691);
INSERT INTO rltune.metric VALUES (5, 16, 'kl', 0.5228198672465095);
INSERT INTO rltune.metric VALUES (5, 16, 'step_seconds', 0.020107086000052732);
INSERT INTO rltune.metric VALUES (5, 17, 'reward', 0.5568502976047734);
INSERT INTO rltune.metric VALUES (5, 17, 'kl', 0.06332494087129015);
INSERT INTO rltune.metric VALUES (5, 17, 'step_seconds', 0.020108689000039703);
INSERT INTO rltune.metric VALUES (5, 18, 'reward', 0.5896061974638778);
INSERT INTO rltune.metric VALUES (5, 18, 'kl', 0.11888303959716182);
INSERT INTO rltune.metric VALUES (5, 18, 'step_seconds', 0.020135087999960888);
INSERT INTO rltune.metric VALUES (5, 19, 'reward', 0.6223620973229821);
INSERT INTO rltune.metric VALUES (5, 19, 'kl', 0.6173800259403373);
INSERT INTO rltune.metric VALUES (5, 19, 'step_seconds', 0.020125412999959735);
INSERT INTO rltune.metric VALUES (5, 20, 'reward', 0.6551179971820864);
INSERT INTO rltune.metric VALUES (5, 20, 'kl', 0.01715114061188678);
INSERT INTO rltune.metric VALUES (5, 20, 'step_seconds', 0.020141057000046203);
INSERT INTO rltune.metric VALUES (5, 21, 'reward', 0.6878738970411907);
INSERT INTO rltune.metric VALUES (5, 21, 'kl', 0.8821087968261234);
INSERT INTO rltune.metric VALUES (5, 21, 'step_seconds', 0.020143330999985665);
INSERT INTO rltune.metric VALUES (5, 22, 'reward', 0.720629796900295);
INSERT INTO rltune.metric VALUES (5, 22, 'kl', 0.34976729991607536);
INSERT INTO rltune.metric VALUES (5, 22, 'step_seconds', 0.020121347999975114);
INSERT INTO rltune.metric VALUES (5, 23, 'reward', 0.7533856967593994);
INSERT INTO rltune.metric VALUES (5, 23, 'kl', 0.4956740672922866);
INSERT INTO rltune.metric VALUES (5, 23, 'step_seconds', 0.020112112999981946);
INSERT INTO rltune.metric VALUES (5, 24, 'reward', 0.7861415966185037);
INSERT INTO rltune.metric VALUES (5, 24, 'kl', 0.7918211642633707);
INSERT INTO rltune.metric VALUES (5, 24, 'step_seconds', 0.02010530299992297);
INSERT INTO rltune.metric VALUES (5, 24, 'score/mean', 0.7861415966185037);
INSERT INTO rltune.metric VALUES (5, 24, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (8, 1, 'reward', 0.0038454692032114293);
INSERT INTO rltune.metric VALUES (8, 1, 'kl', 0.25098039215686274);
INSERT INTO rltune.metric VALUES (8, 1, 'step_seconds', 0.020286514999952487);
INSERT INTO rltune.metric VALUES (8, 2, 'reward', 0.0076909384064228585);
INSERT INTO rltune.metric VALUES (8, 2, 'kl', 0.21739528496223393);
INSERT INTO rltune.metric VALUES (8, 2, 'step_seconds', 0.020359014000064235);
INSERT INTO rltune.metric VALUES (8, 3, 'reward', 0.011536407609634288);
INSERT INTO rltune.metric VALUES (8, 3, 'kl', 0.24243533989471275);
INSERT INTO rltune.metric VALUES (8, 3, 'step_seconds', 0.02013016000000789);
INSERT INTO rltune.metric VALUES (8, 4, 'reward', 0.015381876812845717);
INSERT INTO rltune.metric VALUES (8, 4, 'kl', 0.6762798504615855);
INSERT INTO rltune.metric VALUES (8, 4, 'step_seconds', 0.020092054000087956);
INSERT INTO rltune.metric VALUES (8, 5, 'reward', 0.019227346016057148);
INSERT INTO rltune.metric VALUES (8, 5, 'kl', 0.86152437628748);
INSERT INTO rltune.metric VALUES (8, 5, 'step_seconds', 0.020133215999976528);
INSERT INTO rltune.metric VALUES (8, 6, 'reward', 0.023072815219268576);
INSERT INTO rltune.metric VALUES (8, 6, 'kl', 0.8392767223620966);
INSERT INTO rltune.metric VALUES (8, 6, 'step_seconds', 0.020137430999966455);
INSERT INTO rltune.metric VALUES (8, 6, 'score/mean', 0.023072815219268576);
INSERT INTO rltune.metric VALUES (8, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (7, 7, 'reward', 0.09780848530585504);
INSERT INTO rltune.metric VALUES (7, 7, 'kl', 0.894193942168307);
INSERT INTO rltune.metric VALUES (7, 7, 'step_seconds', 0.020239165000020876);
INSERT INTO rltune.metric VALUES (7, 8, 'reward', 0.11178112606383431);
INSERT INTO rltune.metric VALUES (7, 8, 'kl', 0.04971389333943694);
INSERT INTO rltune.metric VALUES (7, 8, 'step_seconds', 0.02012200899991967);
INSERT INTO rltune.metric VALUES (7, 9, 'reward', 0.1257537668218136);
INSERT INTO rltune.metric VALUES (7, 9, 'kl', 0.6062561989776455);
INSERT INTO rltune.metric VALUES (7, 9, 'step_seconds', 0.020077561999983118);
INSERT INTO rltune.metric VALUES (7, 10, 'reward', 0.1397264075797929);
INSERT INTO rltune.metric VALUES (7, 10, 'kl', 0.797238117036698);
INSERT INTO rltune.metric VALUES (7, 10, 'step_seconds', 0.0201776469999686);
INSERT INTO rltune.metric VALUES (7, 11, 'reward', 0.15369904833777218);
INSERT INTO rltune.metric VALUES (7, 11, 'kl', 0.6423132677195392);
INSERT INTO rltune.metric VALUES (7, 11, 'step_seconds', 0.02014365100001214);
INSERT INTO rltune.metric VALUES (7, 12, 'reward', 0.16767168909575147);
INSERT INTO rltune.metric VALUES (7, 12, 'kl', 0.356069275959411);
INSERT INTO rltune.metric VALUES (7, 12, 'step_seconds', 0.02014924900004189);
INSERT INTO rltune.metric VALUES (7, 12, 'score/mean', 0.16767168909575147);
INSERT INTO rltune.metric VALUES (7, 12, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (7, 13, 'reward', 0.18164432985373075);
INSERT INTO rltune.metric VALUES (7, 13, 'kl', 0.6795605401693752);
INSERT INTO rltune.metric VALUES (7, 13, 'step_seconds', 0.020140375999972093);
INSERT INTO rltune.metric VALUES (7, 14, 'reward', 0.19561697061171007);
INSERT INTO rltune.metric VALUES (7, 14, 'kl', 0.6331425955596246);
INSERT INTO rltune.metric VALUES (7, 14, 'step_seconds', 0.02015759200003231);
INSERT INTO rltune.metric VALUES (7, 15, 'reward', 0.20958961136968934);
INSERT INTO rltune.metric VALUES (7, 15, 'kl', 0.6335698481727321);
INSERT INTO rltune.metric VALUES (7, 15, 'step_seconds', 0.02011851299994305);
INSERT INTO rltune.metric VALUES (7, 16, 'reward', 0.22356225212766861);
INSERT INTO rltune.metric VALUES (7, 16, 'kl', 0.10516517891203174);
INSERT INTO rltune.metric VALUES (7, 16, 'step_seconds', 0.020130921000031776);
INSERT INTO rltune.metric VALUES (7, 17, 'reward', 0.23753489288564794);
INSERT INTO rltune.metric VALUES (7, 17, 'kl', 0.6385290302891584);
INSERT INTO rltune.metric VALUES (7, 17, 'step_seconds', 0.020140757000035592);
INSERT INTO rltune.metric VALUES (7, 18, 'reward', 0.2515075336436272);
INSERT INTO rltune.metric VALUES (7, 18, 'kl', 0.34702067597467);
INSERT INTO rltune.metric VALUES (7, 18, 'step_seconds', 0.020272322999971948);
INSERT INTO rltune.metric VALUES (7, 19, 'reward', 0.2654801744016065);
INSERT INTO rltune.metric VALUES (7, 19, 'kl', 0.6937514305333028);
INSERT INTO rltune.metric VALUES (7, 19, 'step_seconds', 0.020122930000070482);
INSERT INTO rltune.metric VALUES (7, 20, 'reward', 0.2794528151595858);
INSERT INTO rltune.metric VALUES (7, 20, 'kl', 0.7362630655374991);
INSERT INTO rltune.metric VALUES (7, 20, 'step_seconds', 0.020131543000047714);
INSERT INTO rltune.metric VALUES (7, 21, 'reward', 0.2934254559175651);
INSERT INTO rltune.metric VALUES (7, 21, 'kl', 0.9281147478446632);
INSERT INTO rltune.metric VALUES (7, 21, 'step_seconds', 0.020115067999995517);
INSERT INTO rltune.metric VALUES (7, 22, 'reward', 0.30739809667554435);
INSERT INTO rltune.metric VALUES (7, 22, 'kl', 0.18056000610360876);
INSERT INTO rltune.metric VALUES (7, 22, 'step_seconds', 0.020114347000003363);
INSERT INTO rltune.metric VALUES (7, 23, 'reward', 0.3213707374335237);
INSERT INTO rltune.metric VALUES (7, 23, 'kl', 0.9062943465323873);
INSERT INTO rltune.metric VALUES (7, 23, 'step_seconds', 0.02012031599997499);
INSERT INTO rltune.metric VALUES (7, 24, 'reward', 0.33534337819150295);
INSERT INTO rltune.metric VALUES (7, 24, 'kl', 0.5289692530708782);
INSERT INTO rltune.metric VALUES (7, 24, 'step_seconds', 0.020100606000028165);
INSERT INTO rltune.metric VALUES (7, 24, 'score/mean', 0.33534337819150295);
INSERT INTO rltune.metric VALUES (7, 24, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (10, 1, 'reward', 0.03809652930793442);
INSERT INTO rltune.metric VALUES (10, 1, 'kl', 0.9287556267643244);
INSERT INTO rltune.metric VALUES (10, 1, 'step_seconds', 0.02023571899997023);
INSERT INTO rltune.metric VALUES (10, 2, 'reward', 0.07619305861586884);
INSERT INTO rltune.metric VALUES (10, 2, 'kl', 0.9245441367208362);
INSERT INTO rltune.metric VALUES (10, 2, 'step_seconds', 0.02019532799999979);
INSERT INTO rltune.metric VALUES (9, 1, 'reward', 0.03831967863537966);
INSERT INTO rltune.metric VALUES (9, 1, 'kl', 0.6388189517051956);
INSERT INTO rltune.metric VALUES (9, 1, 'step_seconds', 0.02032796799994685);
INSERT INTO rltune.metric VALUES (9, 2, 'reward', 0.07663935727075932);
INSERT INTO rltune.metric VALUES (9, 2, 'kl', 0.8145113298237583);
INSERT INTO rltune.metric VALUES (9, 2, 'step_seconds', 0.020131653000021288);
INSERT INTO rltune.metric VALUES (9, 3, 'reward', 0.11495903590613898);
INSERT INTO rltune.metric VALUES (9, 3, 'kl', 0.19789425497825588);
INSERT INTO rltune.metric VALUES (9, 3, 'step_seconds', 0.020132363999891822);
INSERT INTO rltune.metric VALUES (9, 4, 'reward', 0.15327871454151865);
INSERT INTO rltune.metric VALUES (9, 4, 'kl', 0.20947585259784848);
INSERT INTO rltune.metric VALUES (9, 4, 'step_seconds', 0.020143991000054484);
INSERT INTO rltune.metric VALUES (9, 5, 'reward', 0.1915983931768983);
INSERT INTO rltune.metric VALUES (9, 5, 'kl', 0.43775082017242695);
INSERT INTO rltune.metric VALUES (9, 5, 'step_seconds', 0.020106174000034116);
INSERT INTO rltune.metric VALUES (9, 6, 'reward', 0.22991807181227797);
INSERT INTO rltune.metric VALUES (9, 6, 'kl', 0.17149614709697109);
INSERT INTO rltune.metric VALUES (9, 6, 'step_seconds', 0.020430045000011887);
INSERT INTO rltune.metric VALUES (9, 6, 'score/mean', 0.22991807181227797);
INSERT INTO rltune.metric VALUES (9, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (9, 7, 'reward', 0.26823775044765763);
INSERT INTO rltune.metric VALUES (9, 7, 'kl', 0.3830930037384604);
INSERT INTO rltune.metric VALUES (9, 7, 'step_seconds', 0.020196410000039577);
INSERT INTO rltune.metric VALUES (9, 8, 'reward', 0.3065574290830373);
INSERT INTO rltune.metric VALUES (9, 8, 'kl', 0.13296711680781262);
INSERT INTO rltune.metric VALUES (9, 8, 'step_seconds', 0.020132504000002882);
INSERT INTO rltune.metric VALUES (9, 9, 'reward', 0.34487710771841695);
INSERT INTO rltune.metric VALUES (9, 9, 'kl', 0.94702067597467);
INSERT INTO rltune.metric VALUES (9, 9, 'step_seconds', 0.02011125199999242);
INSERT INTO rltune.metric VALUES (9, 10, 'reward', 0.3831967863537966);
INSERT INTO rltune.metric VALUES (9, 10, 'kl', 0.7187304493781949);
INSERT INTO rltune.metric VALUES (9, 10, 'step_seconds', 0.02012607400001798);
INSERT INTO rltune.metric VALUES (9, 11, 'reward', 0.4215164649891763);
INSERT INTO rltune.metric VALUES (9, 11, 'kl', 0.9035629816128786);
INSERT INTO rltune.metric VALUES (9, 11, 'step_seconds', 0.020134447000032196);
INSERT INTO rltune.metric VALUES (9, 12, 'reward', 0.45983614362455594);
INSERT INTO rltune.metric VALUES (9, 12, 'kl', 0.1257801174944686);
INSERT INTO rltune.metric VALUES (9, 12, 'step_seconds', 0.020124411999972835);
INSERT INTO rltune.metric VALUES (9, 12, 'score/mean', 0.45983614362455594);
INSERT INTO rltune.metric VALUES (9, 12, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (9, 13, 'reward', 0.49815582225993554);
INSERT INTO rltune.metric VALUES (9, 13, 'kl', 0.031525139238574806);
INSERT INTO rltune.metric VALUES (9, 13, 'step_seconds', 0.02013320499997917);
INSERT INTO rltune.metric VALUES (9, 14, 'reward', 0.5364755008953153);
INSERT INTO rltune.metric VALUES (9, 14, 'kl', 0.7470817120622568);
INSERT INTO rltune.metric VALUES (9, 14, 'step_seconds', 0.02015100200003417);
INSERT INTO rltune.metric VALUES (9, 15, 'reward', 0.5747951795306949);
INSERT INTO rltune.metric VALUES (9, 15, 'kl', 0.19211108567940796);
INSERT INTO rltune.metric VALUES (9, 15, 'step_seconds', 0.020120666000025267);
INSERT INTO rltune.metric VALUES (9, 16, 'reward', 0.6131148581660746);
INSERT INTO rltune.metric VALUES (9, 16, 'kl', 0.2508278019378958);
INSERT INTO rltune.metric VALUES (9, 16, 'step_seconds', 0.020153374999949847);
INSERT INTO rltune.metric VALUES (9, 17, 'reward', 0.6514345368014542);
INSERT INTO rltune.metric VALUES (9, 17, 'kl', 0.34934004730296786);
INSERT INTO rltune.metric VALUES (9, 17, 'step_seconds', 0.020130061000031674);
INSERT INTO rltune.metric VALUES (9, 18, 'reward', 0.6897542154368339);
INSERT INTO rltune.metric VALUES (9, 18, 'kl', 0.9686732280460822);
INSERT INTO rltune.metric VALUES (9, 18, 'step_seconds', 0.02010761700000785);
INSERT INTO rltune.metric VALUES (9, 19, 'reward', 0.7280738940722136);
INSERT INTO rltune.metric VALUES (9, 19, 'kl', 0.539482719157702);
INSERT INTO rltune.metric VALUES (9, 19, 'step_seconds', 0.020115067999995517);
INSERT INTO rltune.metric VALUES (9, 20, 'reward', 0.7663935727075932);
INSERT INTO rltune.metric VALUES (9, 20, 'kl', 0.2908827344167239);
INSERT INTO rltune.metric VALUES (9, 20, 'step_seconds', 0.02012201900004129);
INSERT INTO rltune.metric VALUES (9, 21, 'reward', 0.8047132513429729);
INSERT INTO rltune.metric VALUES (9, 21, 'kl', 0.40537117570763714);
INSERT INTO rltune.metric VALUES (9, 21, 'step_seconds', 0.0201561800000718);
INSERT INTO rltune.metric VALUES (9, 22, 'reward', 0.8430329299783526);
INSERT INTO rltune.metric VALUES (9, 22, 'kl', 0.5228809033340963);
INSERT INTO rltune.metric VALUES (9, 22, 'step_seconds', 0.020141306999903463);
INSERT INTO rltune.metric VALUES (9, 23, 'reward', 0.8813526086137322);
INSERT INTO rltune.metric VALUES (9, 23, 'kl', 0.9410543984130617);
INSERT INTO rltune.metric VALUES (9, 23, 'step_seconds', 0.02013780200002202);
INSERT INTO rltune.metric VALUES (9, 24, 'reward', 0.9196722872491119);
INSERT INTO rltune.metric VALUES (9, 24, 'kl', 0.6080567635614557);
INSERT INTO rltune.metric VALUES (9, 24, 'step_seconds', 0.02011472699996375);
INSERT INTO rltune.metric VALUES (9, 24, 'score/mean', 0.9196722872491119);
INSERT INTO rltune.metric VALUES (9, 24, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (10, 3, 'reward', 0.11428958792380325);
INSERT INTO rltune.metric VALUES (10, 3, 'kl', 0.8686045624475471);
INSERT INTO rltune.metric VALUES (10, 3, 'step_seconds', 0.02026351099993917);
INSERT INTO rltune.metric VALUES (10, 4, 'reward', 0.15238611723173767);
INSERT INTO rltune.metric VALUES (10, 4, 'kl', 0.3965972381170367);
INSERT INTO rltune.metric VALUES (10, 4, 'step_seconds', 0.020218553000063366);
INSERT INTO rltune.metric VALUES (10, 5, 'reward', 0.1904826465396721);
INSERT INTO rltune.metric VALUES (10, 5, 'kl', 0.05012588693064775);
INSERT INTO rltune.metric VALUES (10, 5, 'step_seconds', 0.02013211299993145);
INSERT INTO rltune.metric VALUES (10, 6, 'reward', 0.2285791758476065);
INSERT INTO rltune.metric VALUES (10, 6, 'kl', 0.007339589532310979);
INSERT INTO rltune.metric VALUES (10, 6, 'step_seconds', 0.0201104809999606);
INSERT INTO rltune.metric VALUES (10, 6, 'score/mean', 0.2285791758476065);
INSERT INTO rltune.metric VALUES (10, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (10, 7, 'reward', 0.26667570515554095);
INSERT INTO rltune.metric VALUES (10, 7, 'kl', 0.5734035248340581);
INSERT INTO rltune.metric VALUES (10, 7, 'step_seconds', 0.020131383000034475);
INSERT INTO rltune.metric VALUES (10, 8, 'reward', 0.30477223446347534);
INSERT INTO rltune.metric VALUES (10, 8, 'kl', 0.664637216754406);
INSERT INTO rltune.metric VALUES (10, 8, 'step_seconds', 0.020230081000022437);
INSERT INTO rltune.metric VALUES (10, 9, 'reward', 0.34286876377140973);
INSERT INTO rltune.metric VALUES (10, 9, 'kl', 0.15489433127336538);
INSERT INTO rltune.metric VALUES (10, 9, 'step_seconds', 0.02010403100007352);
INSERT INTO rltune.metric VALUES (10, 10, 'reward', 0.3809652930793442);
INSERT INTO rltune.metric VALUES (10, 10, 'kl', 0.3346456092164492);
INSERT INTO rltune.metric VALUES (10, 10, 'step_seconds', 0.020109709999928782);
INSERT INTO rltune.metric VALUES (11, 1, 'reward', 0.03893442749735094);
INSERT INTO rltune.metric VALUES (11, 1, 'kl', 0.11525139238574808);
INSERT INTO rltune.metric VALUES (11, 1, 'step_seconds', 0.020280747000015253);
INSERT INTO rltune.metric VALUES (11, 2, 'reward', 0.07786885499470188);
INSERT INTO rltune.metric VALUES (11, 2, 'kl', 0.7133287556267643);
INSERT INTO rltune.metric VALUES (11, 2, 'step_seconds', 0.02013918400007242);
INSERT INTO rltune.metric VALUES (11, 3, 'reward', 0.11680328249205282);
INSERT INTO rltune.metric VALUES (11, 3, 'kl', 0.6475318532082094);
INSERT INTO rltune.metric VALUES (11, 3, 'step_seconds', 0.020121947999996337);
INSERT INTO rltune.metric VALUES (11, 4, 'reward', 0.15573770998940376);
INSERT INTO rltune.metric VALUES (11, 4, 'kl', 0.19800106813153276);
INSERT INTO rltune.metric VALUES (11, 4, 'step_seconds', 0.020118543000080535);
INSERT INTO rltune.metric VALUES (11, 5, 'reward', 0.19467213748675471);
INSERT INTO rltune.metric VALUES (11, 5, 'kl', 0.5424277103837644);
INSERT INTO rltune.metric VALUES (11, 5, 'step_seconds', 0.020129901000018435);
INSERT INTO rltune.metric VALUES (11, 6, 'reward', 0.23360656498410565);
INSERT INTO rltune.metric VALUES (11, 6, 'kl', 0.2630350194552529);
INSERT INTO rltune.metric VALUES (11, 6, 'step_seconds', 0.020157222000079855);
INSERT INTO rltune.metric VALUES (11, 6, 'score/mean', 0.23360656498410565);
INSERT INTO rltune.metric VALUES (11, 6, 'validate_seconds', 0.001);
INSERT INTO rltune.metric VALUES (10, 11, 'reward', 0.41906182238727857);
INSERT INTO rltune.metric VALUES (10, 11, 'kl', 0.9801327534905012);
INSERT INTO rltune.metric VALUES (10, 11, 'step_seconds', 0.020325053000078697);
INSERT INTO rltune.rltune_schema VALUES (2);
INSERT INTO rltune.run VALUES (1, 1, 1, 'r0001', 1, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (2, 1, 2, 'r0002', 2, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (3, 1, 3, 'r0003', 3, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (4, 1, 4, 'r0004', 4, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (5, 1, 5, 'r0005', 5, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (6, 1, 6, 'r0006', 6, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (7, 1, 7, 'r0007', 7, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (8, 1, 8, 'r0008', 8, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (9, 1, 9, 'r0009', 9, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (10, 1, 10, 'r0010', 10, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (11, 1, 11, 'r0011', 11, 'embedded/xs', 0);
INSERT INTO rltune.run VALUES (12, 1, 12, 'r0012', 12, 'embedded/xs', 0);
INSERT INTO rltune.score VALUES (1, 1, 'embedded/s', NULL, 0, 'validation', '{"mean":0.0,"greedy":0.5,"mean_stderr":0.01}', 0.009302996999963398);
INSERT INTO rltune.score VALUES (2, 1, 'embedded/xs', NULL, 0, 'validation', '{"mean":0.0,"greedy":0.5,"mean_stderr":0.01}', 0.011072591000015564);
INSERT INTO rltune.segment VALUES (9, 8, 1, 'r0008-s1', 0, 6, 'search', 'bracket 2: drawn at random', '{}', 'ended', 'runs/0008-embedded-xs-s0-793cd724ad/segments/001', 11008, 727.4, 'node-7', 1795314729.9472818, 1795314730.1257923, 'reached', 6, 'step 6 was reached', NULL, '{}', 0.1296628689999343, 0.001, 0.007784951000076035, 0, '');
INSERT INTO rltune.segment VALUES (1, 1, 1, 'r0001-s1', 0, 6, 'search', 'the recipe', '{}', 'ended', 'runs/0001-embedded-xs-s0-aa5834fbd4/segments/001', 10849, 726.1, 'node-7', 1795314728.6318002, 1795314728.8133638, 'reached', 6, 'step 6 was reached', NULL, '{}', 0.13968563599994377, 0.001, 0.00900666799998362, 0, '');
INSERT INTO rltune.segment VALUES (2, 2, 1, 'r0002-s1', 0, 6, 'search', 'bracket 0: drawn at random', '{}', 'ended', 'runs/0002-embedded-xs-s0-7d3e5be0d5/segments/001', 10861, 726.13, 'node-7', 1795314728.679535, 1795314728.8631408, 'reached', 6, 'step 6 was reached', NULL, '{}', 0.139797953999936, 0.001, 0.009961985000018103, 0, '');
INSERT INTO rltune.segment VALUES (11, 7, 2, 'r0007-s2', 6, 24, 'search', 'best of those that rest at step 6 (score 0.0838)', '{}', 'ended', 'runs/0007-embedded-xs-s0-19b05e8cb6/segments/002', 11030, 727.6, 'node-7', 1795314730.1510766, 1795314730.560783, 'reached', 24, 'step 24 was reached', NULL, '{}', 0.385340303999963, 0.002, 0.010862242000030164, 0, '');
INSERT INTO rltune.segment VALUES (3, 3, 1, 'r0003-s1', 0, 6, 'search', 'bracket 0: drawn at random', '{}', 'ended', 'runs/0003-embedded-xs-s0-f9b156839a/segments/001', 10881, 726.3, 'node-7', 1795314728.8465002, 1795314729.0549872, 'reached', 6, 'step 6 was reached', NULL, '{}', 0.16956502699995235, 0.001, 0.012808836000090196, 0, '');
INSERT INTO rltune.segment VALUES (4, 4, 1, 'r0004-s1', 0, 24, 'search', 'bracket 1: drawn at random', '{}', 'ended', 'runs/0004-embedded-xs-s0-2a6025d5e1/segments/001', 10883, 726.33, 'node-7', 1795314728.8829768, 1795314729.4683442, 'reached', 24, 'step 24 was reached', NULL, '{}', 0.5576084190000047, 0.003, 0.013675308999950175, 0, '');
INSERT INTO rltune.segment VALUES (12, 10, 1, 'r0010-s1', 0, 24, 'search', 'bracket 3: likely among the best of 24 steps', '{}', 'running', 'runs/0010-embedded-xs-s0-44284284d3/segments/001', 11058, 728.05, NULL, 1795314730.5963051, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, '');
INSERT INTO rltune.segment VALUES (5, 1, 2, 'r0001-s2', 6, 24, 'search', 'best of those that rest at step 6 (score 0.235)', '{}', 'ended', 'runs/0001-embedded-xs-s0-aa5834fbd4/segments/002', 10913, 726.54, 'node-7', 1795314729.0915978, 1795314729.5279105, 'reached', 24, 'step 24 was reached', NULL, '{}', 0.4055419570000349, 0.002, 0.01537099400002262, 0, '');
INSERT INTO rltune.segment VALUES (10, 9, 1, 'r0009-s1', 0, 24, 'search', 'bracket 3: likely among the best of 6 steps', '{}', 'ended', 'runs/0009-embedded-xs-s0-afc0ecdecb/segments/001', 11028, 727.56, 'node-7', 1795314730.1121194, 1795314730.666579, 'reached', 24, 'step 24 was reached', NULL, '{}', 0.5249967909999641, 0.003, 0.01389104200006841, 0, '');
INSERT INTO rltune.segment VALUES (7, 6, 1, 'r0006-s1', 0, 6, 'search', 'bracket 2: likely among the best of 6 steps', '{}', 'ended', 'runs/0006-embedded-xs-s0-d305f2af0f/segments/001', 10962, 727.01, 'node-7', 1795314729.558982, 1795314729.7221358, 'reached', 6, 'step 6 was reached', NULL, '{}', 0.13074831300000278, 0.001, 0.01629525700002432, 0, '');
INSERT INTO rltune.segment VALUES (8, 7, 1, 'r0007-s1', 0, 6, 'search', 'bracket 2: likely among the best of 6 steps', '{}', 'ended', 'runs/0007-embedded-xs-s0-19b05e8cb6/segments/001', 10976, 727.21, 'node-7', 1795314729.7541687, 1795314729.9169984, 'reached', 6, 'step 6 was reached', NULL, '{}', 0.13188954999995894, 0.001, 0.012434976000008646, 0, '');
INSERT INTO rltune.segment VALUES (6, 5, 1, 'r0005-s1', 0, 24, 'search', 'bracket 1: likely among the best of 6 steps', '{}', 'ended', 'runs/0005-embedded-xs-s0-55fb235f3a/segments/001', 10960, 726.96, 'node-7', 1795314729.5072553, 1795314730.077028, 'reached', 24, 'step 24 was reached', NULL, '{}', 0.5384877179999848, 0.003, 0.013307815999951345, 0, '');
INSERT INTO rltune.segment VALUES (13, 11, 1, 'r0011-s1', 0, 6, 'search', 'bracket 4: likely among the best of 24 steps', '{}', 'ended', 'runs/0011-embedded-xs-s0-18f70f2791/segments/001', 11064, 728.15, 'node-7', 1795314730.7008553, 1795314730.8568275, 'reached', 6, 'step 6 was reached', NULL, '{}', 0.1299948019999183, 0.001, 0.013346527000066999, 0, '');
INSERT INTO rltune.segment VALUES (14, 12, 1, 'r0012-s1', 0, 6, 'search', 'bracket 4: likely among the best of 24 steps', '{}', 'running', 'runs/0012-embedded-xs-s0-e07497d01f/segments/001', 11076, 728.34, NULL, 1795314730.887587, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, '');
INSERT INTO rltune.study VALUES (1, 'first', 'running', 'search', '{"name":"first","models":{"target":"embedded/s","proxies":["embedded/xs"],"learning_rate_scaling":"width"},"task":{"name":"arithmetic/easy"},"trainer":{"name":"rltune.testing.toy_trainer:ToyTrainer","settings":{}},"recipe":"embedded-grpo","baseline":{},"space":{"from":null,"learning_rate":{"when":{},"type":"float","low":1e-06,"high":0.01,"log":true,"step":null}},"constraints":[],"fixed":{"step_time":0.02,"save_bytes":2000},"budget":{"time":600.0,"gpu_hours":null,"search":0.9,"trials":24},"steps":24,"rungs":[6,12,24],"validation":{"prompts":4,"samples":1,"temperature":1.0},"test":{"prompts":4,"samples":1},"stopping":{"preset":"off","futility":true,"rules":[]},"optimizer":{"name":"bohb","options":{}},"executor":{"name":"local","slots":2,"threads":1,"device":"auto","gpus":null,"trial_time":null,"stall_time":600.0,"grace_time":5.0,"retry_time":10.0,"memory":null},"checkpoints":{"limit":16000,"margin":256000000,"remote":null,"scratch":null},"transfer":{"check":true,"pairs":4,"at":0.6,"share":0.25},"confirm":{"top":2},"final":{"seeds":2},"trackers":[],"output":"/srv/studies","store":"postgresql+psycopg://rltune@/rltune?host=/run/postgresql","seed":0}', 1795314727.8417976, 2.0351624040000615);
SELECT pg_catalog.setval('rltune.configuration_pk_seq', 12, true);
SELECT pg_catalog.setval('rltune.decision_pk_seq', 23, true);
SELECT pg_catalog.setval('rltune.evaluation_pk_seq', 20, true);
SELECT pg_catalog.setval('rltune.event_pk_seq', 1, false);
SELECT pg_catalog.setval('rltune.fact_pk_seq', 26, true);
SELECT pg_catalog.setval('rltune.rltune_schema_version_seq', 1, false);
SELECT pg_catalog.setval('rltune.run_pk_seq', 12, true);
SELECT pg_catalog.setval('rltune.score_pk_seq', 2, true);
SELECT pg_catalog.setval('rltune.segment_pk_seq', 14, true);
SELECT pg_catalog.setval('rltune.study_pk_seq', 1, true);
ALTER TABLE ONLY rltune.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (run, step);
ALTER TABLE ONLY rltune.configuration
    ADD CONSTRAINT configuration_pkey PRIMARY KEY (pk);
ALTER TABLE ONLY rltune.configuration
    ADD CONSTRAINT configuration_study_content_key UNIQUE (study, content);
ALTER TABLE ONLY rltune.controller
    ADD CONSTRAINT controller_pkey PRIMARY KEY (study);
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
ALTER TABLE ONLY rltune.controller
    ADD CONSTRAINT controller_study_fkey FOREIGN KEY (study) REFERENCES rltune.study(pk);
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
